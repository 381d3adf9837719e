"""Which application leaves sessions open in a transaction, before anybody waits for them.

Told apart: a session that others wait for (lock_contention, ddl_lock_queue), one whose snapshot holds back dead rows (vacuum_blocked),
and so many that the connections are used up (connection_exhaustion). Short transactions of healthy traffic never count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from helpers.postgres.blocking import longest_wait_s, victims
from helpers.postgres.checks import connection_exhaustion as exhaustion
from helpers.postgres.checks.lock_tree import MIN_WAIT_S, LockRow, read_lock_rows
from helpers.postgres.connect import Postgres
from helpers.postgres.horizon import sessions_that_hold_dead_rows
from helpers.postgres.judging import GRANT, age
from helpers.postgres.limits import MAX_USED_PCT
from helpers.postgres.lock_queues import name_queue
from helpers.postgres.sessions import (
    IDLE_IN_TRANSACTION,
    LONGEST_IDLE_S,
    LOOKS,
    PAUSE_S,
    ClientSession,
    Look,
    sessions_in_words,
    several_looks,
)
from helpers.postgres.timeouts import place_for
from helpers.results import Diagnosis, Status

__all__ = ["idle_in_transaction", "judge"]

TIMEOUT_SHARE = 0.75  # the server ends them before they reach what is expected


async def idle_in_transaction(
    pg: Postgres, *, longest_idle_s: float = LONGEST_IDLE_S, looks: int = LOOKS, pause_s: float = PAUSE_S
) -> Diagnosis:
    """The application whose sessions stay idle in a transaction, the same ones in every look.

    Args:
        pg: Read-only session; this program's own sessions do not count.
        longest_idle_s: Seconds a session may be idle in a transaction.
        looks: How often the sessions are read.
        pause_s: Seconds between two looks.

    Returns:
        PROBLEM with code idle_in_transaction and the application_name as subject (`no application_name` where it is empty); PROBLEM with
        another code where such a session has consequences already; OK when none is idle that long; UNKNOWN when that is hidden.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_activity and idle_in_transaction_session_timeout; check_postgres `txn_idle`.

    """
    seen = await several_looks(pg, looks=looks, pause_s=pause_s)
    if not pg.sees_everyone or not _left_open(seen, longest_idle_s):
        return judge(seen, sees_everyone=pg.sees_everyone, longest_idle_s=longest_idle_s)
    full = exhaustion.judge(seen, sees_everyone=True, max_used_pct=MAX_USED_PCT, longest_idle_s=longest_idle_s)
    queue = await read_lock_rows(pg)
    holding = await sessions_that_hold_dead_rows(pg)
    found = judge(seen, sees_everyone=True, longest_idle_s=longest_idle_s, full=full, queue=queue, holding=holding)
    return await _lasting(pg, found, longest_idle_s)


async def _lasting(pg: Postgres, found: Diagnosis, longest_idle_s: float) -> Diagnosis:
    """Where such sessions keep coming and this role may bound them, that is the fix: to end them would be for a moment only."""
    role, database = found.facts.get("usename"), found.facts.get("datname")
    if not found.facts.get("joined") or not await place_for(pg, str(role), str(database)):
        return found
    target = {"application_name": found.target["application_name"], "role": role, "database": database}
    target |= {"timeout_ms": max(int(1000 * TIMEOUT_SHARE * longest_idle_s), 1)}
    return replace(found, target=target, fix="set_idle_timeout")


def judge(
    looks: Sequence[Look], *, sees_everyone: bool, longest_idle_s: float, full: Diagnosis | None = None,
    queue: Sequence[LockRow] = (), holding: Mapping[int, Sequence[str]] | None = None,
) -> Diagnosis:  # fmt: skip
    """Return what several looks add up to; pure.

    `full` is what connection_exhaustion makes of the same looks, `queue` the lock queue, `holding` pid → tables whose dead rows it holds back.
    """
    if not sees_everyone:
        return Diagnosis(Status.UNKNOWN, summary=f"What other roles' sessions do is hidden from this role: {GRANT}")
    left = _left_open(looks, longest_idle_s)
    if not left:
        return Diagnosis(Status.OK, summary=f"No session stays idle in a transaction for {age(longest_idle_s)}.")
    if full is not None and full.status is Status.PROBLEM:
        return full
    return _queue_behind(left, queue) or _dead_rows_behind(left, holding or {}) or _named(left, looks, longest_idle_s)


def _left_open(looks: Sequence[Look], longest_idle_s: float) -> list[ClientSession]:
    """The sessions that are idle in a transaction that long and were so in every look since they began to be, longest first."""
    idle = [{s.key for s in look.sessions if s.state in IDLE_IN_TRANSACTION} for look in looks[-2:]]
    left = [s for s in looks[-1].sessions if s.state in IDLE_IN_TRANSACTION and s.in_state_s >= longest_idle_s]
    return sorted((s for s in left if all(s.key in seen for seen in idle)), key=lambda s: -s.in_state_s)


def _queue_behind(left: Sequence[ClientSession], queue: Sequence[LockRow]) -> Diagnosis | None:
    if longest_wait_s(queue) < MIN_WAIT_S:
        return None
    heads = victims(queue)
    blocking = [s for s in left if s.pid in heads]
    if not blocking:
        return None
    found = name_queue([queue], min_wait_s=MIN_WAIT_S)
    if found.status is Status.PROBLEM:
        return found
    return Diagnosis(
        Status.UNKNOWN, summary=f"{sessions_in_words(len(heads[blocking[0].pid]))} waiting behind pid {blocking[0].pid}. {found.summary}"
    )


def _dead_rows_behind(left: Sequence[ClientSession], holding: Mapping[int, Sequence[str]]) -> Diagnosis | None:
    holder = next((s for s in left if holding.get(s.pid)), None)
    if holder is None:
        return None
    name = f"pid {holder.pid} ({holder.application_name or 'no application_name'})"
    tables = ", ".join(holding[holder.pid][:3])
    return Diagnosis(
        Status.PROBLEM, "vacuum_blocked", name, f"The snapshot of {name} keeps VACUUM from removing the dead rows of {tables}."
    )


def _named(left: Sequence[ClientSession], looks: Sequence[Look], longest_idle_s: float) -> Diagnosis:
    of: dict[str, list[ClientSession]] = {}
    for session in left:
        of.setdefault(session.application_name, []).append(session)
    application = max(of, key=lambda name: len(of[name]))  # of two with as many, the one with the longest idle
    mine = of[application]
    name = application or "no application_name"
    hosts = ", ".join(sorted({s.client_addr for s in mine})[:5])
    stood = {s.key for s in _left_open(looks[:1], longest_idle_s)} & {s.key for s in mine}
    # One beside one may be chance; sessions that were opened together come to be idle too long together.
    joined = len(mine) - len(stood) if len(stood) >= 2 else 0
    return Diagnosis(
        Status.PROBLEM, "idle_in_transaction", name,
        f"{name} leaves {sessions_in_words(len(mine))} open in a transaction, idle for {age(mine[0].in_state_s)} the longest; nobody waits for them yet.",
        {"application_name": application, "sessions": [s.target for s in mine if s.may_end], "longest_idle_s": longest_idle_s},
        because=[
            f"{sessions_in_words(len(mine))} of {name} (role {', '.join(sorted({s.usename for s in mine}))}, from {hosts}), idle in a "
            f"transaction for {age(longest_idle_s)} or more, the same in every look.",
            f"The longest has its transaction open for {age(mine[0].in_transaction_s)}; its last statement: {mine[0].query}",
            "No session waits for a lock of theirs, no dead rows that matter are held back, and connections are left.",
            *([f"{joined} of them joined within the looks: they keep coming."] if joined else []),
        ],
        against=[f"{other or 'no application_name'} leaves {sessions_in_words(len(them))} open, too." for other, them in of.items() if other != application],
        facts={"sessions": len(mine), "joined": joined, "usename": mine[0].usename, "datname": mine[0].datname},
        fix="end_idle_transactions",
    )  # fmt: skip
