"""What the platform's answers mean: refusals with their next step, how long a rate limit asks to wait, and its moments. Pure.

Source: Vercel documentation, REST API, Errors and Rate limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from helpers.errors import BadAnswer, Refused, SystemProblem

__all__ = ["instant", "refusal", "wait_s"]

_SHORTEST_S, _USUAL_S = 0.2, 60.0  # the documentation's windows are of a minute


def instant(ms: Any) -> str:
    """Return milliseconds since 1970 as `2026-01-31T12:00:00.000Z`; empty for what is none."""
    if not isinstance(ms, int | float) or isinstance(ms, bool) or not 0 < ms < 4e12:
        return ""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{int(ms % 1000):03d}Z"


def wait_s(headers: Mapping[str, str], now: float) -> float:
    """Return the seconds after which a 429 may be asked again: `Retry-After`, else `X-RateLimit-Reset` (seconds since 1970), else a minute."""
    for name, since in (("retry-after", 0.0), ("x-ratelimit-reset", now)):
        try:
            return max(float(headers[name]) - since, _SHORTEST_S)
        except (KeyError, ValueError):
            continue
    return _USUAL_S


def refusal(status: int, path: str, wait: float = 0.0) -> SystemProblem:
    """Return the error for an answer that is not 200; its body is not read, since it may hold what was asked for."""
    code = str(status)
    if status == 401:
        return Refused("vercel", "The token is not accepted (401).", remedy="Make a new one in the account's settings, Tokens.")
    if status == 403:
        remedy = "Give the token the project's team as its scope, and the team as the profile's vercel.team."
        return Refused("vercel", "The token may not read this project (403).", remedy=remedy)
    if status == 404:
        remedy = "Check vercel.project, and vercel.team where the project is a team's."
        return BadAnswer("vercel", f"There is no {path} for this token (404).", code=code, remedy=remedy)
    if status == 429:
        remedy = f"Ask again in {wait:.0f} s; others who use the token's account count too."
        return Refused("vercel", "The platform's rate limit is reached (429).", remedy=remedy)
    where = "Look at the platform's status page, and ask again." if status >= 500 else "Is the profile's vercel.api the platform's own?"
    return BadAnswer("vercel", f"The platform answered {status} to {path}.", code=code, remedy=where)
