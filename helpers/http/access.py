"""Who is answered: each route asked without credentials, with those of one tenant, and with another's. Nothing of the answers is kept.

What comes back is looked at once, in memory, and becomes a status, the names and types of its fields, and whether two answers are equal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from helpers.http.connect import Api, Reading
from helpers.http.fields import leaves
from helpers.http.targets import Target, fits

__all__ = ["Access", "ask_all", "findings_in", "shape_of"]

REFUSED = (401, 403)
PUBLIC = ("/", "/health", "/healthz", "/livez", "/readyz", "/ping", "/metrics", "/favicon.ico", "/robots.txt")
DEEPEST, MOST_KEYS = 4, 40
TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Access:
    """One route: the status for nobody, for tenant A and for tenant B (0: not asked, or no answer), and what nobody or B may read.

    `shape` names the fields and their types; `same` says that B got what A got; `finding` why that is wrong, empty where it is not.
    """

    route: str
    nobody: int
    a: int
    b: int
    shape: str
    same: bool
    finding: str
    private: bool = False
    security: str = ""
    took_ms: float = 0.0


async def ask_all(
    api: Api, targets: Sequence[Target], a: Mapping[str, str], b: Mapping[str, str], public: Sequence[str] = ()
) -> list[Access]:
    """Return a row per route, its finding said; at most three GET requests each, one after the other.

    Args:
        api: The API.
        targets: What to ask.
        a: Headers of the first tenant; empty: not asked.
        b: Headers of another one.
        public: Routes that anybody may read, as paths or templates.

    """
    rows = []
    for target in targets:
        began = time.perf_counter()
        nobody = await api.read(target.path, timeout_s=TIMEOUT_S)
        own = await api.read(target.path, headers=a, timeout_s=TIMEOUT_S) if a else Reading(0)
        other = await api.read(target.path, headers=b, timeout_s=TIMEOUT_S) if b and target.is_private else Reading(0)
        same = own.status == 200 == other.status and await _is_same(api, target, a, own, other)
        shown = nobody if nobody.status == 200 else other if same else Reading(0)
        took = (time.perf_counter() - began) * 1000
        rows.append(
            Access(
                target.route, nobody.status, own.status, other.status, shape_of(shown.body), same, "", target.is_private,
                ", ".join(target.security), round(took, 1),
            )
        )  # fmt: skip
    return findings_in(rows, public)


def findings_in(rows: Sequence[Access], public: Sequence[str] = ()) -> list[Access]:
    """Return the rows, each with why it is wrong that it answers; pure."""
    return [replace(row, finding=_finding(row, rows, public)) for row in rows]


def _finding(row: Access, rows: Sequence[Access], public: Sequence[str]) -> str:
    path = row.route.partition(" ")[2]
    if path in PUBLIC or not row.shape or _is_among(path, public):
        return ""
    if row.nobody == 200:
        if row.private:
            return "it was given as private, and answers anybody"
        if row.security:
            return f"its description asks for {row.security}, and it answers anybody"
        above = [other for other in rows if other.nobody in REFUSED and _is_below(path, other.route.partition(" ")[2])]
        return f"{above[0].route} asks for credentials, and it does not" if above else ""
    return "it answers another tenant with what belongs to the first" if row.nobody in REFUSED and row.same and row.private else ""


def _is_below(path: str, above: str) -> bool:
    """Whether a route is a part of another one: `/orders/{id}/invoice` of `/orders/{id}`, and that of `/orders`."""
    return above != "/" and path.startswith(f"{above.rstrip('/')}/")


def _is_among(path: str, public: Iterable[str]) -> bool:
    return any(path == each or fits(path, each) is not None for each in public)


async def _is_same(api: Api, target: Target, a: Mapping[str, str], own: Reading, other: Reading) -> bool:
    """Whether B got what A got; what differs between two answers to A (a moment, a request's id) does not count."""
    if own.body == other.body:
        return True
    stable = leaves(own.body) & leaves((await api.read(target.path, headers=a, timeout_s=TIMEOUT_S)).body)
    return bool(stable) and stable <= leaves(other.body)


def shape_of(body: bytes) -> str:
    """Return the fields of a JSON answer with their types, without any value; empty where there is no object in it."""
    try:
        document = json.loads(body) if body else None
    except ValueError:
        return ""
    found: dict[str, str] = {}
    _walk(document, "", found, 0)
    return ", ".join(f"{name}: {kind}" for name, kind in sorted(found.items())[:MOST_KEYS])


def _walk(value: Any, prefix: str, found: dict[str, str], depth: int) -> None:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for each in value[:3]:
            _walk(each, f"{prefix}[]", found, depth + 1)
    elif isinstance(value, dict):
        names = [name for name in value if name.isidentifier()]  # keys that are values themselves (an id, an address) are not shown
        for name in names[:MOST_KEYS]:
            _walk(value[name], f"{prefix}.{name}" if prefix else name, found, depth + 1)
    elif prefix.strip("[]"):
        found[prefix] = type(value).__name__ if value is not None else "null"
