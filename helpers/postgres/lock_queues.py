"""The right name for a lock queue: lock_contention, ddl_lock_queue or deadlocks, or none while it moves by itself (pure).

Whoever finds sessions waiting for a lock asks here, so that every diagnosis calls the same queue the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from helpers.postgres import blocking
from helpers.postgres.checks.lock_tree import LockRow
from helpers.postgres.lock_cycles import LockCycle, most_seen, standing
from helpers.results import Diagnosis, Status

__all__ = ["name_queue", "who"]

Look = Sequence[LockRow]


def name_queue(looks: Sequence[Look], *, min_wait_s: float, deadlocks: int = 0) -> Diagnosis:
    """Return what several looks at the lock tree add up to, the last one being now.

    Args:
        looks: Rows of `read_lock_rows`, in the order they were read; one look is enough to name a queue, several to see that it stands.
        min_wait_s: Shortest wait, in seconds, that counts.
        deadlocks: How many the server counted meanwhile.

    Returns:
        PROBLEM with lock_contention (`pid N (application_name)`, the head), ddl_lock_queue (`pid N on relation`, the waiting DDL) or deadlocks;
        OK when nothing waits that long or the queue moves by itself; UNKNOWN when its head must not be ended, or it is not decided.

    """
    last = looks[-1]
    seen = [cycle for number in range(2, len(looks) + 1) for cycle in standing(looks[:number])]
    if blocking.longest_wait_s(last) < min_wait_s:
        quiet = Diagnosis(Status.OK, summary=f"No session waits {min_wait_s:g} s for a lock; shorter waits end by themselves.")
        return _deadlocks(seen, deadlocks) if seen or deadlocks else quiet
    heads = blocking.victims(last)
    if not heads and (seen or deadlocks or len(looks) == 1):
        return _deadlocks(seen, deadlocks)
    if not heads:  # each look reads session by session: a cycle that no second one confirms may never have been
        return Diagnosis(Status.OK, summary="Sessions were seen waiting for each other in one look only: the queue moves by itself.")
    found = _of_head(looks, heads)
    # A deadlock ends within deadlock_timeout: it explains a queue that moves, not a head that stays.
    return _deadlocks(seen, deadlocks) if (seen or deadlocks) and found.status is not Status.PROBLEM else found


def who(row: LockRow) -> str:
    """Return a session as a diagnosis names it: `pid N (application_name)`."""
    return f"pid {row.pid} ({row.application_name or 'no application_name'})"


def _of_head(looks: Sequence[Look], heads: dict[int, set[int]]) -> Diagnosis:
    last = looks[-1]
    head = max(heads, key=lambda pid: len(heads[pid]))
    row = next((r for r in last if r.pid == head), None)
    ddl = blocking.waiting_ddl(last)
    if ddl is not None and 2 * len(blocking.behind(last, ddl.pid)) >= len(heads[head]) - 1:
        return _ddl_queue(ddl, last, looks)
    if row is None or head == 0 or row.backend_type != "client backend":
        return _not_to_be_ended(head, row)
    if not blocking.in_every_look(row, looks, waiting=False):
        return Diagnosis(Status.OK, summary="The head of the queue changes from look to look: the queue moves by itself.")
    return _contention(row, heads, last)


def _not_to_be_ended(pid: int, row: LockRow | None) -> Diagnosis:
    if pid == 0:
        return Diagnosis(
            Status.UNKNOWN, summary="A prepared transaction holds the lock (pg_prepared_xacts): its owner must commit it or roll it back."
        )
    what = row.backend_type if row else "a session that is gone"
    return Diagnosis(Status.UNKNOWN, summary=f"The head of the queue is pid {pid}, {what}: it is not ours to end.")


def _contention(row: LockRow, heads: dict[int, set[int]], last: Look) -> Diagnosis:
    others = [pid for pid in heads if pid != row.pid]
    count = len(heads[row.pid])
    return Diagnosis(
        Status.PROBLEM, "lock_contention", who(row),
        f"{who(row)} is {_doing(row)}, in a transaction of {row.in_transaction_s or 0:.0f} s, and holds up {count} sessions.",
        {**_target(row), "application_name": row.application_name},
        because=[
            f"{who(row)} blocks {count} sessions and waits for nobody itself, in every look.",
            f"The longest of them has waited {blocking.longest_wait_s(last):.1f} s.",
            f"Its last statement, not necessarily the one that took the lock: {row.query}",
        ],
        against=[f"pid {pid} is at the head of another queue of {len(heads[pid])}." for pid in others],
        facts={"held_up": sorted(heads[row.pid]), "other_heads": others, "state": row.state, "usename": row.usename},
    )  # fmt: skip


def _target(row: LockRow) -> dict[str, Any]:
    return {"pid": row.pid, "backend_start": row.backend_start.isoformat() if row.backend_start else ""}


def _doing(row: LockRow) -> str:
    idle = (row.state or "").startswith("idle in transaction")
    return f"{row.state} for {row.in_state_s or 0:.0f} s" if idle else f"{row.state}, its statement running for {row.in_state_s or 0:.0f} s"


def _ddl_queue(ddl: LockRow, last: Look, looks: Sequence[Look]) -> Diagnosis:
    if not blocking.in_every_look(ddl, looks, waiting=True):
        text = (
            f"{who(ddl)} waits with a DDL statement and others behind it, but not in every look: it may give up by itself, and try again."
        )
        return Diagnosis(Status.UNKNOWN, summary=text)
    relation = ddl.relation or f"a relation of database {ddl.datname}"
    queue = blocking.behind(last, ddl.pid)
    holders = [row for row in last if row.pid in ddl.blocked_by]
    alone = sum(row.blocked_by == [ddl.pid] for row in last)
    mode = " ".join(re.findall(r"[A-Z][a-z]+", (ddl.mode or "").removesuffix("Lock"))).upper()
    held = [
        f"{who(row)}, {_doing(row)}" if row.backend_type == "client backend" else f"pid {row.pid}, {row.backend_type}" for row in holders
    ]
    return Diagnosis(
        Status.PROBLEM, "ddl_lock_queue", f"pid {ddl.pid} on {relation}",
        f"pid {ddl.pid} waits for {mode} on {relation}, and {len(queue)} sessions queue behind that request.",
        {**_target(ddl), "relation": relation, "application_name": ddl.application_name},
        because=[
            f"{who(ddl)} has waited {ddl.waiting_s:.1f} s for {mode} on {relation}: {ddl.query}",
            f"{len(queue)} sessions wait behind it, {alone} of them for nobody else.",
            *(f"It waits for {text}, which the others could pass." for text in held),
        ],
        against=[f"{who(r)} waits behind it with a DDL statement of its own." for r in last if r.pid in queue and blocking.is_waiting_ddl(r)],
        facts={"behind": sorted(queue), "holders": sorted(ddl.blocked_by), "mode": ddl.mode, "usename": ddl.usename},
    )  # fmt: skip


def _deadlocks(seen: Sequence[LockCycle], counted: int) -> Diagnosis:
    """Name what was seen of it; the runbook deadlocks watches for longer."""
    if not seen:
        text = (
            f"The server broke {counted} deadlock{'s' * (counted != 1)} meanwhile."
            if counted
            else "The waiting sessions wait for each other; the server ends one of them."
        )
        return Diagnosis(Status.PROBLEM, "deadlocks", "a cycle of lock waits", text)
    cycle, looks = most_seen(seen)
    text = f"{len(cycle.pids)} sessions wait for each other over {cycle.subject}; the server ends one of them."
    because = [f"Seen in {looks} looks: {statement}" for statement in cycle.statements]
    return Diagnosis(Status.PROBLEM, "deadlocks", cycle.subject, text, because=because)
