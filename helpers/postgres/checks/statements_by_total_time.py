"""The statements that take the database's time.

Measured as a difference over a window, not since the server started; what an idle window of the same length spends is taken off,
so that a nightly batch is not blamed on the request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from helpers.errors import Refused
from helpers.postgres.activity import Activity, Seen, watching
from helpers.postgres.connect import Postgres
from helpers.postgres.statements import Counter, StatementCounters, StatementText, alike, is_ours, moved
from helpers.redaction import mask_literals
from helpers.results import CheckResult, Status

__all__ = ["Statement", "statements_by_total_time"]

SHARE_PCT = 33.0  # pg-extras `outliers`: a third of the time in one statement
SLOW_MS = 20.0  # pghero: a slow query takes at least 20 ms
HIDDEN_PCT = 10.0  # more time than this in statements that the role may not see: blind
SEEN_WHOLE_BYTES = 1000  # track_activity_query_size is 1 kB by default: a longer text may have been cut
_GRANT = "GRANT pg_read_all_stats TO the diagnostic role (or pg_monitor)."


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; `source` is `given`, `pg_stat_statements` or `pg_stat_activity` (seen running, calls unknown)."""

    query_id: int | None
    query: StatementText
    calls: float
    calls_per_request: float | None
    total_ms: float
    mean_ms: float
    rows_per_call: float
    share_pct: float
    active_samples: int
    lock_wait_pct: float
    source: str


@dataclass
class _Window:
    """What was counted and seen over some seconds; `calls` is how many requests were made meanwhile."""

    seconds: float = 0.0
    calls: int | None = None
    counted: dict[int, Counter] = field(default_factory=dict)
    activity: Activity = field(default_factory=Activity)


async def statements_by_total_time(
    pg: Postgres, *, during: Callable[[], Awaitable[int]] | None = None, query: str = "", window_s: float = 10.0, limit: int = 10
) -> CheckResult[Statement]:
    """The statements that took the most time over a window, the slowest sum first.

    Args:
        pg: Read-only session; one more connection looks at pg_stat_activity about 7 times a second.
        during: Makes the load to be explained, once, and returns how many requests that was. None, or a load of 0 requests
            (a probe that only watches), means live traffic.
        query: The statement to examine; it becomes the first row.
        window_s: Seconds to watch live traffic, and at most to watch the idle server after the load.
        limit: Most rows returned.

    Returns:
        PROBLEM when one statement takes a third of the time and 20 ms a call, else OK; empty when nothing ran. UNKNOWN when
        most of the time went to statements the role may not see. Without pg_stat_statements the rows are what was seen running.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_statements; thresholds of pg-extras and pghero.

    """
    return await _ask(pg, await pg.watcher(), during, query, window_s, limit)


async def _ask(
    pg: Postgres, watcher: Postgres, during: Callable[[], Awaitable[int]] | None, query: str, window_s: float, limit: int
) -> CheckResult[Statement]:
    try:
        counters: StatementCounters | None = await StatementCounters.find(pg)
        lacking = ""
    except Refused as refusal:
        counters, lacking = None, f"{refusal.reason} {refusal.remedy}"
    load = await _watch(pg, watcher, counters, during or (lambda: _pause(window_s)))
    if not load.calls and load.seconds < window_s / 2:
        load = await _watch(pg, watcher, counters, lambda: _pause(window_s))  # nothing made a load: watch live traffic
    idle = await _watch(pg, watcher, counters, lambda: _pause(min(load.seconds, window_s))) if load.calls else _Window()
    texts = await counters.texts(list(load.counted)) if counters and load.counted else {}
    ids = {alike(text): i for i, text in texts.items()}
    for window in (load, idle):
        window.activity.attribute(ids)
    rows = _rows(load, idle, texts)[:limit]
    if query:
        rows = [_given(query, load, rows), *rows[: limit - 1]]
    return _judge(rows, load, lacking, given=bool(query))


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def _watch(pg: Postgres, watcher: Postgres, counters: StatementCounters | None, run: Callable[[], Awaitable[int | None]]) -> _Window:
    before = await counters.read() if counters else {}
    started = time.perf_counter()
    async with watching(watcher) as activity:
        calls = await run()
    seconds = time.perf_counter() - started
    after = await counters.read() if counters else {}
    return _Window(seconds, calls, moved(before, after), activity)


def _rows(load: _Window, idle: _Window, texts: dict[int, str]) -> list[Statement]:
    """Return the statements of the load, less what the idle window predicts, slowest sum first."""
    factor = load.seconds / idle.seconds if idle.seconds else 0.0
    found: list[tuple[int, str, Counter, Seen, str]] = []
    for i, counted in load.counted.items():
        net, text = counted.less(idle.counted.get(i, Counter()), factor), texts.get(i, "")
        if i and text and not is_ours(text) and net.calls >= 0.5 and net.total_ms > 0:
            found.append((i, text, net, load.activity.statements.get(i, Seen(text)), "pg_stat_statements"))
    known = {i for i, *_ in found} | set(idle.counted)
    for i, seen in load.activity.statements.items():
        usual = idle.activity.statements.get(i, Seen(""))
        ms = load.activity.ms(seen.active) - factor * idle.activity.ms(usual.active)
        if i not in known and ms > 0:
            found.append((i, seen.text, Counter(0.0, ms, 0.0), seen, "pg_stat_activity"))
    total = sum(net.total_ms for _, _, net, _, _ in found) or 1.0
    return [_row(f, total, load.calls) for f in sorted(found, key=lambda f: -f[2].total_ms)]


def _row(found: tuple[int, str, Counter, Seen, str], total_ms: float, requests: int | None) -> Statement:
    i, text, net, seen, source = found
    calls = max(net.calls, 0.0)
    return Statement(
        query_id=i,
        query=StatementText(mask_literals(text), _as_sent(text, seen.text)),
        calls=round(calls, 1),
        calls_per_request=round(calls / requests, 2) if requests else None,
        total_ms=round(net.total_ms, 3),
        mean_ms=round(net.total_ms / calls, 3) if calls else 0.0,
        rows_per_call=round(net.rows / calls, 3) if calls else 0.0,
        share_pct=round(100.0 * net.total_ms / total_ms, 1),
        active_samples=seen.active,
        lock_wait_pct=round(seen.lock_wait_pct, 1),
        source=source,
    )


def _as_sent(text: str, seen: str) -> str:
    """Return the statement as it was seen running, with the values the application writes into it, if seen whole; else as normalised."""
    return seen if 0 < len(seen.encode()) < SEEN_WHOLE_BYTES else text


def _given(query: str, load: _Window, rows: list[Statement]) -> Statement:
    """Return the row of the given statement: as measured where it was met, else by what its own probe was seen doing."""
    text = StatementText(mask_literals(query), query)
    met = next((r for r in rows if alike(r.query.raw) == alike(query)), None)
    if met is not None:
        rows.remove(met)
        return replace(met, query=text, source="given")
    calls, ms, seen = float(load.calls or 0), 1000.0 * load.seconds, load.activity.ours
    mean = round(ms / calls, 3) if calls else 0.0
    return Statement(
        None,
        text,
        calls,
        None,
        round(ms, 3) if calls else 0.0,
        mean,
        0.0,
        100.0 if calls else 0.0,
        seen.active,
        round(seen.lock_wait_pct, 1),
        "given",
    )


def _judge(rows: list[Statement], load: _Window, lacking: str, *, given: bool) -> CheckResult[Statement]:
    hidden = load.counted.get(0, Counter()).total_ms
    share = 100.0 * hidden / (hidden + sum(r.total_ms for r in rows) or 1.0)
    facts: dict[str, Any] = {
        "window_s": round(load.seconds, 3),
        "requests": load.calls,
        "looks": load.activity.looks,
        "hidden_pct": round(share, 1),
    }
    facts |= {"method": "pg_stat_activity only" if lacking else "pg_stat_statements and pg_stat_activity", "lacking": lacking}
    blind = share >= HIDDEN_PCT or (bool(lacking) and load.activity.hidden > 0)
    if not given and blind:
        reason = (
            f"{share:.0f} % of the time went to statements this role may not see." if share else "This role may not see the other sessions."
        )
        return CheckResult(Status.UNKNOWN, rows, reason=reason, remedy=_GRANT, facts=facts)
    if not rows:
        return CheckResult(Status.OK, summary="No statement ran while it was watched.", reason=lacking, facts=facts)
    first = rows[0]
    took = f"{first.mean_ms:.1f} ms a call" if first.calls else "calls unknown"
    text = (
        f"{'The given statement' if given else f'{first.share_pct:.0f} % of the time goes to one statement'} ({took}): {first.query[:200]}"
    )
    bad = first.share_pct >= SHARE_PCT and (first.mean_ms >= SLOW_MS or first.source == "pg_stat_activity")
    return CheckResult(Status.PROBLEM if bad else Status.OK, rows, text, reason=lacking, facts=facts)
