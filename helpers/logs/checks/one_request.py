"""One request, through the logs of every system."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from helpers.logs.analyses import analyse
from helpers.logs.connect import LogFiles
from helpers.logs.engine import Logs
from helpers.logs.moments import moment
from helpers.results import CheckResult, Status

__all__ = ["Span", "one_request"]

_SLOWEST = "select request_id from entries where request_id <> '' and duration_ms is not null order by duration_ms desc, request_id limit 1"


@dataclass(frozen=True, slots=True)
class Span:
    """What one system logged of it: `offset_ms` after the request began, for `duration_ms`, if it says."""

    system: str
    offset_ms: float | None
    duration_ms: float | None
    said: str
    severity_text: str
    timestamp: str


async def one_request(logs: LogFiles, *, request_id: str = "", since: str = "1h", timeout_s: float = 60.0) -> CheckResult[Span]:
    """Every entry of one request, in the order in which they began.

    Args:
        logs: The profile's log files.
        request_id: A request id or trace id; empty: that of the slowest request.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        OK with an entry each; UNKNOWN when there is none.

    """

    def ask(entries: Logs) -> tuple[str, list[Span]]:
        wanted = request_id or next((str(row[0]) for row in entries.rows(_SLOWEST)), "")
        found = analyse(entries, "trace", id=wanted).astype(object) if wanted else None
        rows = [] if found is None else found.where(found.notna(), None).to_dict("records")
        return wanted, [_span(row) for row in rows]

    wanted, spans = await logs.ask(ask, moment(since), timeout_s=timeout_s)
    if not spans:
        said = f"No entry of {wanted} in this time." if wanted else "No request was logged with an id in this time."
        return CheckResult(Status.UNKNOWN, reason=said, remedy="Widen `since`, or give a request id that the logs hold.")
    return CheckResult(Status.OK, spans, f"{len(spans)} entries of {wanted}.", facts={"request_id": wanted})


def _span(row: Mapping[Hashable, object]) -> Span:
    request = " ".join(str(row[name]) for name in ("http_request_method", "url_path", "http_response_status_code") if row[name] is not None)
    said = " ".join(str(part) for part in (request, row["db_query_text"] or row["body"]) if part)
    offset_ms, duration_ms = (float(str(row[name])) if row[name] is not None else None for name in ("offset_ms", "duration_ms"))
    return Span(
        str(row["system"]), offset_ms, duration_ms, " ".join(said.split())[:300], str(row["severity_text"] or ""), str(row["timestamp"])
    )
