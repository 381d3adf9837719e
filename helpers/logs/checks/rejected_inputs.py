"""Whose input is rejected (400, 422) more often since a version, by route, and which fields the log says it is for."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.moments import moment
from helpers.results import CheckResult, Status

__all__ = ["RejectedInputs", "compared", "fields_in", "rejected_inputs"]

SURE = 0.001
POINTS = 1.0  # per cent: what fewer users notice than a 99 % objective allows is none (Google SRE workbook, "Implementing SLOs")
OVER_S = 60.0  # after the last rejection of all: what was last rejected then is mended, or nobody sends it any more
FEWEST = 5  # requests of a version: fewer show nothing
MOST = 5_000  # lines that name fields
_SQL = Path(__file__).with_suffix(".sql")
_FIELDS = """
    select left(concat_ws(' ', body, exception_message), 4000) from entries
    where regexp_matches(concat_ws(' ', body, exception_message), '[''"]?loc[''"]?\\s*[:=]\\s*[\\[(]') order by timestamp desc limit $most
"""
_LOC = re.compile(r"""['"]?\bloc['"]?\s*[:=]\s*[\[(]([^\])]{1,300})[\])]""")
_PART = re.compile(r"""['"]([^'"]{1,80})['"]""")  # positions in a list are numbers, and no part of the name

Versions = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class RejectedInputs:
    """One route in one version, and in the version before it; `p_value` of Fisher's exact test, corrected for the pairs compared."""

    route: str
    version: str
    requests: int
    rejected: int
    version_before: str
    requests_before: int
    rejected_before: int
    since: str
    p_value: float


async def rejected_inputs(logs: LogFiles, *, route: str = "", since: str = "2h", timeout_s: float = 60.0) -> CheckResult[RejectedInputs]:
    """Routes that reject more of what they are given than the version before did, the most rejections first.

    Args:
        logs: The profile's log files.
        route: `POST /orders`, or without the method; empty: all.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with a row per route and version that rejects more; OK when none does; UNKNOWN when requests are rejected and no version before
        is in the log, or nothing was asked. Facts: of the first row `route`, `version`, `version_before` and `first_at`; `rejected` in all;
        `fields`: those that log lines name, with how often.

    Source: FAULTS.md A7; R. A. Fisher, Statistical Methods for Research Workers, §21.02.
    """
    found = await logs.ask_sql(_SQL, since, timeout_s=timeout_s, route=route.strip())
    if not found:
        return CheckResult(Status.UNKNOWN, reason="No request was logged in this time.", remedy="Widen `since`.")
    lines = await logs.ask(lambda entries: entries.rows(_FIELDS, {"most": MOST}), moment(since), timeout_s=timeout_s)
    rejected = sum(row[4] for row in found)
    facts: dict[str, Any] = {"requests": sum(row[3] for row in found), "rejected": rejected, "fields": fields_in(line for (line,) in lines)}
    rows = compared(found)
    if rows:
        first = rows[0]
        facts |= {"route": first.route, "version": first.version, "version_before": first.version_before, "first_at": first.since}
        said = (
            f"{first.rejected} of {first.requests} requests of {first.route} are rejected since version {first.version},"
            f" {first.rejected_before} of {first.requests_before} before."
        )
        return CheckResult(Status.PROBLEM, rows, said, facts=facts)
    alone = _unexplained(found)
    if alone:
        remedy = "Widen `since` to before the deployment, and have each line say service_version (the commit's short hash)."
        return CheckResult(Status.UNKNOWN, reason=alone, remedy=remedy, facts=facts)
    return CheckResult(Status.OK, [], f"{rejected:,} of {facts['requests']:,} requests are rejected, by no version more.", facts=facts)


def compared(found: Iterable[tuple[Any, ...]]) -> list[RejectedInputs]:
    """Return the routes that reject more in a version than in the one before it, those left out that have stopped a minute before the last; pure.

    Args:
        found: Rows of rejected_inputs.sql.

    """
    from scipy.stats import fisher_exact

    pairs = [(route, was, now) for route, versions in _by_route(found).items() for was, now in itertools.pairwise(versions)]
    newest = max((row[7] for _, _, row in pairs if row[7]), default=None)
    rows = []
    for route, was, now in pairs:
        (_, _, old, n_old, bad_old, *_), (_, _, version, n, bad, first_at, rejected_at, last_at) = was, now
        more = 100 * (bad / n - bad_old / n_old)
        if bad < FEWEST or more < POINTS or not old or not version or (newest - last_at).total_seconds() > OVER_S:
            continue
        p_value = float(fisher_exact([[bad, n - bad], [bad_old, n_old - bad_old]], alternative="greater")[1]) * len(pairs)
        if p_value <= SURE:
            rows.append(RejectedInputs(route, version, n, bad, old, n_old, bad_old, _at(rejected_at or first_at), min(p_value, 1.0)))
    return sorted(rows, key=lambda row: -(row.rejected - row.requests * row.rejected_before / row.requests_before))


def _by_route(found: Iterable[tuple[Any, ...]]) -> dict[str, Versions]:
    routes: dict[str, Versions] = defaultdict(list)
    for row in found:
        routes[f"{row[0]} {row[1]}".strip()].append(row)
    return {route: [row for row in rows if row[3] >= FEWEST] for route, rows in routes.items()}


def _unexplained(found: Sequence[tuple[Any, ...]]) -> str:
    """Return what is rejected without a version before to compare with; empty when that is nothing that matters."""
    for route, versions in sorted(_by_route(found).items(), key=lambda each: -sum(row[4] for row in each[1])):
        n, bad = sum(row[3] for row in versions), sum(row[4] for row in versions)
        known = {row[2] for row in versions if row[2]}
        if n and bad >= FEWEST and 100 * bad / n >= POINTS and len(known) < 2:
            return f"{bad} of {n} requests of {route} are rejected, and the log holds no other version of it to compare with."
    return ""


def _at(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def fields_in(lines: Iterable[str]) -> dict[str, int]:
    """Return the fields that validation errors in log lines name, with how often, the most frequent first; pure."""
    count: Counter[str] = Counter()
    for line in lines:
        count.update({".".join(_PART.findall(inside)) for inside in _LOC.findall(line or "")} - {""})
    return dict(count.most_common(20))
