"""Two callers ask the same: whether one is given what is the other's. Answers are compared in memory, and nothing of them is kept."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.http.cached import kept_by
from helpers.http.connect import Api, Reading, parse_endpoint
from helpers.http.fields import leaves

__all__ = ["Both", "ask_both", "compared"]

OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Both:
    """One round: A asked, then B, and each with queries nobody asked before, which show what is his own.

    `leaks`: one was given what is the other's own. `kept`: the cache that gave it. `own_same`: what is A's own is B's, too; None where their own is
    not known. `to_nobody`: a caller without credentials is given the same as A.
    """

    status_a: int
    status_b: int
    leaks: bool
    kept: str
    own_same: bool | None
    to_nobody: bool
    cache_control: str


async def ask_both(api: Api, endpoint: str, a: Mapping[str, str], b: Mapping[str, str]) -> Both:
    """Return what a round shows; seven GET requests."""
    _, path = parse_endpoint(endpoint)

    async def own(headers: Mapping[str, str]) -> tuple[Reading, Reading]:
        news = [f"{path}{'&' if '?' in path else '?'}_runbook={secrets.token_hex(6)}" for _ in range(2)]
        return await api.read(news[0], headers=headers), await api.read(news[1], headers=headers)

    first, second = await api.read(path, headers=a), await api.read(path, headers=b)
    return compared(first, second, await own(a), await own(b), await api.read(path))


def compared(a: Reading, b: Reading, own_a: tuple[Reading, Reading], own_b: tuple[Reading, Reading], nobody: Reading) -> Both:
    """Return what the answers show: to A, to B, what is each one's own (twice: what differs between the two is a moment's), a stranger's; pure.

    Where their own is refused (a query that is not known), equal answers from a cache are a leak all the same: the endpoint is said to answer
    each caller with his own.
    """
    answered = a.status in OK and b.status in OK
    known = answered and all(one.status in OK for one in (*own_a, *own_b))
    stable_a, stable_b = _stable(*own_a), _stable(*own_b)
    own_same = (stable_a == stable_b) if known else None
    kept = kept_by(b.headers) or kept_by(a.headers)
    if known:
        leaks = bool(not own_same and (_is_given(b, stable_a, stable_b) or _is_given(a, stable_b, stable_a)))
    else:
        leaks = answered and a.body == b.body and bool(kept)
    to_nobody = nobody.status in OK and answered and nobody.body == a.body
    return Both(a.status, b.status, leaks, kept, own_same, to_nobody, a.headers.get("cache-control", ""))


def _is_given(reading: Reading, others: set[tuple[str, str]], own: set[tuple[str, str]]) -> bool:
    """Return whether an answer holds all that is stable of another's, and that is not the caller's own."""
    return bool(others) and others <= _values(reading) and not others <= own


def _stable(one: Reading, two: Reading) -> set[tuple[str, str]]:
    return _values(one) & _values(two)


def _values(reading: Reading) -> set[tuple[str, str]]:
    """Return the places and values of a JSON answer; the whole text where it is none."""
    return leaves(reading.body) or {("", reading.body.decode(errors="replace"))}
