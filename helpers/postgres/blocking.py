"""Who waits behind whom: the heads of a lock queue, the queue behind one session, and waits in a cycle (pure).

The rows are those of `read_lock_rows`: every session that waits for a lock or blocks one that does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpers.postgres.checks.lock_tree import LockRow

__all__ = ["behind", "cycles", "in_every_look", "is_waiting_ddl", "longest_wait_s", "same", "victims", "waiting_ddl"]

# What conflicts with everyday statements; SHARE and above block writers, ACCESS EXCLUSIVE readers, too (PostgreSQL manual, "Table-Level Locks").
_STRONG = ("AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock")
_DDL = frozenset(["alter", "create", "drop", "truncate", "reindex", "cluster", "refresh", "vacuum", "comment", "import", "security"])
_HIDES_DDL = frozenset(["do", "call", "select", "with", "execute"])  # a function or block that may do anything
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_VERB = re.compile(r"(?:^|;)\s*([a-z]+)", re.IGNORECASE)


def longest_wait_s(rows: Sequence[LockRow]) -> float:
    """Return the longest wait for a lock in s; 0 when nobody waits."""
    return max((row.waiting_s for row in rows if row.blocked_by), default=0.0)


def victims(rows: Sequence[LockRow]) -> dict[int, set[int]]:
    """Return each head's pid → the pids it holds up, directly or through others; empty when all wait in a cycle."""
    by_pid = {row.pid: row for row in rows}
    heads: dict[int, set[int]] = {}
    for row in rows:
        for pid in _waits_for(row.pid, by_pid):
            if pid != row.pid and (pid not in by_pid or not by_pid[pid].blocked_by):
                heads.setdefault(pid, set()).add(row.pid)
    return heads


def behind(rows: Sequence[LockRow], pid: int) -> set[int]:
    """Return the pids that wait for `pid`, directly or through others; empty when nobody does."""
    by_pid = {row.pid: row for row in rows}
    return {row.pid for row in rows if row.pid != pid and pid in _waits_for(row.pid, by_pid)}


def cycles(rows: Sequence[LockRow]) -> list[frozenset[int]]:
    """Return the pids of each cycle: sessions that wait for each other. The server ends one after deadlock_timeout."""
    by_pid = {row.pid: row for row in rows}
    reach = {pid: _waits_for(pid, by_pid) for pid in by_pid}
    found = {frozenset({pid} | {other for other in to if pid in reach.get(other, ())}) for pid, to in reach.items() if pid in to}
    return sorted(found, key=sorted)


def _waits_for(pid: int, by_pid: dict[int, LockRow]) -> set[int]:
    """Every pid that `pid` waits for; itself among them when it waits in a cycle."""
    reached: set[int] = set()
    todo = list(by_pid[pid].blocked_by)
    while todo:
        other = todo.pop()
        if other not in reached:
            reached.add(other)
            todo += by_pid[other].blocked_by if other in by_pid else []
    return reached


def waiting_ddl(rows: Sequence[LockRow]) -> LockRow | None:
    """Return the DDL statement that waits for its lock and that most others queue behind; None when nobody queues behind one."""
    found = max(filter(is_waiting_ddl, rows), key=lambda row: len(behind(rows, row.pid)), default=None)
    return found if found is not None and behind(rows, found.pid) else None


def is_waiting_ddl(row: LockRow) -> bool:
    """Whether a session waits with a statement that changes the schema and shuts others out; an application's LOCK TABLE does not count."""
    if not row.blocked_by or row.locktype != "relation" or row.mode not in _STRONG or row.backend_type != "client backend":
        return False
    verbs = {verb.lower() for verb in _VERB.findall(_COMMENT.sub(" ", row.query))}
    return bool(verbs & _DDL) or (row.mode == "AccessExclusiveLock" and bool(verbs & _HIDES_DDL) and "lock" not in verbs)


def same(one: LockRow, other: LockRow) -> bool:
    """Whether two rows are of one session: a pid is reused."""
    return (one.pid, one.backend_start) == (other.pid, other.backend_start)


def in_every_look(row: LockRow, looks: Sequence[Sequence[LockRow]], *, waiting: bool) -> bool:
    """Whether the session was in every look, each time waiting, or each time not."""
    return all(any(same(row, other) and bool(other.blocked_by) is waiting for other in look) for look in looks)
