"""Who gives a route's answer: the application, or a cache before it; asked again, and with a query nobody asked before."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from helpers.errors import BadAnswer
from helpers.http.cached import kept_by
from helpers.http.connect import Api, Reading, parse_endpoint
from helpers.http.fields import agrees, value_at
from helpers.results import CheckResult, Status

__all__ = ["KeptAnswer", "kept_answers"]

TIMES = 3


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer: `request` is `again` or `new query`; `kept` names the cache that gave it; `fresh` whether it says what is stored (None: not known)."""

    request: str
    status: int
    kept: str
    age_s: str
    cache_control: str
    fresh: bool | None


async def kept_answers(api: Api, *, endpoint: str = "", field: str = "", stored: Any = None) -> CheckResult[KeptAnswer]:
    """Ask a route some times as it is, and once with a query that no cache can have.

    Args:
        api: The API.
        endpoint: A GET; empty: SKIPPED.
        field: The path of a value in its JSON.
        stored: What the database holds for it; None: not known.

    Returns:
        PROBLEM when a cache gave an answer that is not what is stored; OK otherwise. Facts: `kept` (the caches that answered), `stale`,
        `stale_kept` and `stale_made` (stale answers of a cache, and made for the request), `new_query_fresh`.

    Raises:
        BadAnswer: the field is not there.

    Source: Vercel documentation, Cache: the query is part of the key, save for what the build made.
    """
    if not endpoint:
        return CheckResult(Status.SKIPPED, reason="There is no route to ask.", remedy="Give one as `endpoint`.")
    _, path = parse_endpoint(endpoint)
    busted = f"{path}{'&' if '?' in path else '?'}_runbook={secrets.token_hex(6)}"
    rows = [_row("again", await api.read(path), field, stored) for _ in range(TIMES)]
    rows.append(_row("new query", await api.read(busted), field, stored))
    stale = [row for row in rows if row.fresh is False]
    kept = sorted({row.kept for row in rows if row.kept})
    facts = {
        "kept": kept,
        "stale": len(stale),
        "stale_kept": sum(bool(row.kept) for row in stale),
        "stale_made": sum(not row.kept for row in stale),
        "new_query_fresh": rows[-1].fresh,
        "cache_control": rows[0].cache_control,
    }
    said = f"{len(stale)} of {len(rows)} answers are not what is stored; {', '.join(kept) or 'no cache'} gave them."
    return CheckResult(Status.PROBLEM if facts["stale_kept"] else Status.OK, rows, said, facts=facts)


def _row(request: str, reading: Reading, field: str, stored: Any) -> KeptAnswer:
    fresh: bool | None = None
    if stored is not None and 200 <= reading.status < 300:
        try:
            fresh = agrees(value_at(reading.body, field), stored)
        except KeyError as missing:
            raise BadAnswer("api", f"{missing.args[0]}.", remedy="Give `field` as it stands in the answer.") from None
    headers = reading.headers
    return KeptAnswer(request, reading.status, kept_by(headers), headers.get("age", ""), headers.get("cache-control", ""), fresh)
