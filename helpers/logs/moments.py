"""A moment as people give it: `30m` ago, or a date and time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from helpers.errors import ParameterError

__all__ = ["microseconds", "moment"]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, *, now: datetime | None = None) -> datetime | None:
    """Return the moment, in UTC; None for an empty text.

    Args:
        text: `90s`, `30m`, `2h`, `7d` or `1w`, counted back from now; or ISO 8601 (`2026-03-03T08:00`), UTC where it names no offset.
        now: What it is counted back from; None: this moment.

    Raises:
        ParameterError: it is neither.

    """
    if not text.strip():
        return None
    if ago := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip()):
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: float(ago[1])})
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ParameterError(f"{text!r} is no moment.", remedy="Give 30m, 2h or 7d (ago), or 2026-03-03T08:00 (UTC).") from None
    return at.replace(tzinfo=at.tzinfo or UTC)


def microseconds(at: datetime) -> int:
    """Return a moment (UTC, where it has no zone) as microseconds since 1970, exactly."""
    return (at.replace(tzinfo=at.tzinfo or UTC) - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
