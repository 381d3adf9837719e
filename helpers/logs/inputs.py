"""What requests ask for, as traits that can be compared: which parameters there are, and what kind of value each has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

__all__ = ["Asked", "Trait", "traits_of"]

FEW = 12  # different values of a parameter: so few are compared one by one
SURE = 0.001  # after the correction: one wrong trait in a thousand looks
HAVE = 0.95  # of the failed requests have it
LACK = 0.05  # at most so many of the others do
AT_LEAST = 3  # failed requests: fewer show nothing

# What breaks a handler more often than a value does, from the simplest on; a name is said as `email without @`.
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("empty", re.compile(r"\s*\Z")),
    ("zero", re.compile(r"[+-]?0+(?:\.0+)?\Z")),
    ("negative", re.compile(r"-\d")),
    ("with decimals", re.compile(r"-?\d+[.,]\d+\Z")),
    ("beyond 32 bits", re.compile(r"-?(?:\d{11,}|[3-9]\d{9}|2[2-9]\d{8})\Z")),
    ("no number", re.compile(r".*[^\d.+-].*", re.S)),
    ("without @", re.compile(r"[^@]+\Z")),
    ("with +", re.compile(r".*\+", re.S)),
    ("with a quote", re.compile(r".*['\"]", re.S)),
    ("with a comma", re.compile(r".*,", re.S)),
    ("with a space", re.compile(r".*\S\s+\S", re.S)),
    ("beyond ASCII", re.compile(r".*[^\x00-\x7f]", re.S)),
    ("with control characters", re.compile(r".*[\x00-\x1f]", re.S)),
    ("longer than 100 characters", re.compile(r".{101}", re.S)),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path, its query, and whether it failed."""

    path: str
    query: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Trait:
    """What tells failed requests from others: how many of each have it. `p_value` is corrected for the number of traits compared."""

    said: str
    parameter: str
    kind: str
    failed_with: int
    failed: int
    others_with: int
    others: int
    p_value: float


def traits_of(route: str, asked: Sequence[Asked]) -> list[Trait]:
    """Return the traits that nearly all failed requests have and hardly any other, the surest first; of equal ones the simplest.

    Args:
        route: The template, such as `/orders/{order_id}`: its parameters are compared as well.
        asked: Requests of that one route, failed and not.

    """
    from scipy.stats import fisher_exact

    failed, others = [one for one in asked if one.failed], [one for one in asked if not one.failed]
    if len(failed) < AT_LEAST or not others:
        return []
    having: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    few = _few_values(route, asked)
    for one in asked:
        for trait in set(_traits(route, one, few)):
            having[trait][not one.failed] += 1
    found = []
    for (parameter, kind), (bad, good) in having.items():
        if bad < HAVE * len(failed) or good > LACK * len(others):
            continue
        p_value = float(fisher_exact([[bad, len(failed) - bad], [good, len(others) - good]], alternative="greater")[1]) * len(having)
        if p_value <= SURE:
            found.append(Trait(f"{parameter} {kind}", parameter, kind, bad, len(failed), good, len(others), min(p_value, 1.0)))
    order = {"given": -1, **{kind: place for place, (kind, _) in enumerate(KINDS)}}
    return sorted(found, key=lambda trait: (trait.others_with, -trait.failed_with, order.get(trait.kind, len(order)), trait.said))


def _few_values(route: str, asked: Sequence[Asked]) -> set[str]:
    """Return the parameters with few different values."""
    values: dict[str, set[str]] = defaultdict(set)
    for one in asked:
        for name, value in _parameters(route, one):
            if len(values[name]) <= FEW:
                values[name].add(value)
    return {name for name, found in values.items() if 1 < len(found) <= FEW}


def _traits(route: str, one: Asked, few: set[str]) -> Iterator[tuple[str, str]]:
    there = set()
    for name, value in _parameters(route, one):
        there.add(name)
        for kind, pattern in KINDS:
            if pattern.match(value):
                yield name, kind
        if name in few and len(value) <= 40:
            yield name, f"= {value!r}"
    for name in there:
        yield name, "given"
    yield "query", "absent" if not one.query else "given"


def _parameters(route: str, one: Asked) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(one.query, keep_blank_values=True, max_num_fields=100)
    parts, path = route.strip("/").split("/"), one.path.strip("/").split("/")
    if len(parts) == len(path):
        yield from ((part.strip("{}"), value) for part, value in zip(parts, path, strict=True) if part.startswith("{"))
