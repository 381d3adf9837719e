"""Requests, errors and latency minute by minute, while entries come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from helpers.escaping import visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Minute", "Minutes"]

LATE = timedelta(seconds=5)  # a minute is over when an entry this much younger has come: loggers buffer, and several files are read in turn
_MINUTE = timedelta(minutes=1)
_FAILED = ("ERROR", "CRITICAL", "FATAL", "PANIC")


@dataclass
class Minute:
    """One minute (UTC), what came in it, and how long the requests took."""

    at: datetime
    entries: int = 0
    requests: int = 0
    errors: int = 0
    took_ms: list[float] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Return it as JSON values; an error is a status of 500 and above, or, of what is no request, a severity of ERROR and above."""
        p50, p95 = (_quantile(sorted(self.took_ms), q) for q in (0.5, 0.95))
        return {"minute": f"{self.at:%Y-%m-%dT%H:%MZ}", "entries": self.entries, "requests": self.requests, "errors": self.errors, "p50_ms": p50, "p95_ms": p95}  # fmt: skip

    def line(self) -> str:
        """Return one line for people."""
        told = self.told()
        took = f", p50 {told['p50_ms']:,.0f} ms, p95 {told['p95_ms']:,.0f} ms" if self.took_ms else ""
        return visible(f"{self.at:%Y-%m-%d %H:%M}  {self.entries:,} entries, {self.requests:,} requests, {self.errors:,} errors{took}")


class Minutes:
    """The minutes that are not over yet, and the last ones that are."""

    def __init__(self) -> None:
        self.late = 0
        self._open: dict[datetime, Minute] = {}
        self._newest = self._over = datetime.min

    def add(self, entries: pd.DataFrame) -> None:
        """Take entries in; one without a time counts where it was read, one of a minute that is over only as late."""
        columns = ("timestamp", "http_response_status_code", "duration_ms", "severity_text")
        now = datetime.now(UTC).replace(tzinfo=None)
        for at, status, took, severity in entries[list(columns)].astype(object).itertuples(index=False):
            moment = now if at != at or at is None else at.to_pydatetime()
            self._newest = max(self._newest, moment)
            start = moment.replace(second=0, microsecond=0)
            if start < self._over:
                self.late += 1
                continue
            minute = self._open.setdefault(start, Minute(start))
            minute.entries += 1
            request = status == status and status is not None
            minute.requests += request
            minute.errors += status >= 500 if request else severity in _FAILED
            minute.took_ms += [took] if request and took == took and took is not None else []

    def over(self, *, all_of_them: bool = False) -> Iterator[Minute]:
        """Yield each minute that is over, once, in order of time."""
        for start in sorted(self._open):
            if all_of_them or self._newest >= start + _MINUTE + LATE:
                self._over = max(self._over, start + _MINUTE)
                yield self._open.pop(start)

    def current(self) -> list[Minute]:
        """Return those that are not over yet."""
        return [self._open[start] for start in sorted(self._open)]


def _quantile(values: list[float], q: float) -> float | None:
    """Return it between the two nearest values, as the analyses do."""
    if not values:
        return None
    place = q * (len(values) - 1)
    low = int(place)
    return values[low] + (place - low) * (values[min(low + 1, len(values) - 1)] - values[low])
