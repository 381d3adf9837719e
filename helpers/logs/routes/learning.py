"""Route templates learned from the paths: a segment that takes very many values, new ones all the time, is a parameter.

Digits, uuids, dates and hashes are {id} before anything is learned. Of the rest a place in a path becomes {slug} where under one prefix it took
at least MANY values, and the chance that the next request brings yet another one is not small; a value that has a large share of the requests
(`/users/me`) stays itself. Requests that failed are left out: whoever tries names that do not exist teaches nothing.

Source of that chance: Good 1953, Biometrika 40 (the share of values that were seen once).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from helpers.logs.analyses import Entries
from helpers.logs.routes.templates import SLUG, ordered

__all__ = ["learned", "learned_routes"]

MANY = 100  # values of a place: more than an API has names under one prefix
CERTAINLY = 1000  # values: however often each of them came
NEW_SHARE = 0.01  # chance of a new value
OWN_SHARE = 0.05  # share of the requests with which a value stays itself
MOST_SHAPES = 200_000  # of more, a share is looked at
DEEPEST = 32  # segments: deeper paths are nobody's routes
_GIVEN = re.compile(r"\{(?!id\})")  # a template that was given already, or a path that looks like one
_SQL = Path(__file__).with_name("shapes.sql")
Shapes = Sequence[tuple[tuple[str, ...], int]]


def learned_routes(logs: Entries) -> list[str]:
    """Return the templates of the places that are parameters, `/posts/{slug}/comments`; empty when there are none. The same logs give the same."""
    about = logs.rows("select approx_count_distinct(template_of(url_path)) from entries where coalesce(http_route, '') = ''", {})[0][0]
    if about < MANY / 2:
        return []
    parts = about // MOST_SHAPES + 1
    rows = logs.rows(_SQL.read_text(encoding="utf-8"), {"parts": parts})
    return learned(dict(rows), share=1 / parts)


def learned(shapes: Mapping[str, int], *, share: float = 1.0) -> list[str]:
    """Return the templates in which a place is a parameter, and those of the values that stay themselves beside one.

    Args:
        shapes: Path, its ids being {id}, → requests.
        share: Which share of all shapes these are.

    """
    usable = [(shape, count) for shape, count in sorted(shapes.items()) if shape.isprintable() and not _GIVEN.search(shape)]
    split = [(tuple(shape.strip("/").split("/")), count) for shape, count in usable if shape.count("/") <= DEEPEST]
    found = _templates(split, MANY * share, CERTAINLY * share)
    return ordered(["/" + "/".join(parts) for parts, counts in found if counts])


def _templates(shapes: Shapes, many: float, certainly: float) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the templates of these paths, a place at a time, and whether one has a parameter or stands beside one."""
    by_value: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for parts, count in shapes:
        if parts:
            by_value.setdefault(parts[0], []).append((parts[1:], count))
        else:
            yield (), False
    merged = _merged({value: sum(count for _, count in rest) for value, rest in by_value.items()}, many, certainly)
    groups: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for value, rest in by_value.items():
        groups.setdefault(SLUG if value in merged else value, []).extend(rest)
    for value, rest in sorted(groups.items()):
        for found, counts in sorted(set(_templates(rest, many, certainly))):
            yield (value, *found), counts or bool(merged)


def _merged(counts: Mapping[str, int], many: float, certainly: float) -> set[str]:
    """Return the values that are one parameter, none where the place is none."""
    values = {value: count for value, count in counts.items() if "{" not in value}
    total = sum(values.values())
    new = sum(1 for count in values.values() if count == 1) / total if total else 0.0
    if not (len(values) >= many and new >= NEW_SHARE) and len(values) < certainly:
        return set()
    return {value for value, count in values.items() if count < OWN_SHARE * total}
