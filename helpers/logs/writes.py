"""Which requests wrote at certain times: to find the code path that changes a row and forgets its cached copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from helpers.logs.beyond.opened import open_logs
from helpers.logs.moments import microseconds

__all__ = ["WriteRequest", "requests_between"]

MOST = 200_000
_START = datetime(1970, 1, 1, tzinfo=UTC)  # the driver gives no zoned times without a package of zones

_SQL = """
select epoch_us(timestamp), http_request_method, route_of(http_route, url_path), url_path
from entries
where http_request_method in ('POST', 'PUT', 'PATCH', 'DELETE') and http_response_status_code < 400 and url_path is not null
    and epoch_us(timestamp) between $since_us and $until_us
order by timestamp
limit $most
"""


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One request that may have changed something; `at` is UTC, when it was logged."""

    at: datetime
    method: str
    route: str
    path: str


def requests_between(patterns: Sequence[str], since: datetime, until: datetime, *, slack_s: float = 0.0) -> list[WriteRequest]:
    """Return the writing requests that succeeded in that time, the oldest first, at most MOST.

    Args:
        patterns: Globs or paths of logs.
        since: UTC.
        until: UTC.
        slack_s: Seconds added on either side.

    Raises:
        ParameterError: nothing matches, or no format fits a file.

    """
    slack = timedelta(seconds=slack_s)
    with open_logs(patterns) as logs:
        rows = logs.rows(_SQL, {"since_us": microseconds(since - slack), "until_us": microseconds(until + slack), "most": MOST})
    return [WriteRequest(_START + timedelta(microseconds=at), method, route or path, path) for at, method, route, path in rows]
