"""Templates as one SQL macro: the most particular that fits a path is its route, else its ids become {id}.

`{name}` stands for a segment or a part of one, `{...name}` for all that follows, `{...name?}` also for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpers.logs.reading import literal

__all__ = ["SLUG", "macro", "ordered", "pattern_of"]

SLUG = "{slug}"
_PARAMETER = re.compile(r"\{[^{}/]*\}")
_REST = re.compile(r"\{\.\.\.[^{}/]*\}")


def ordered(templates: Sequence[str]) -> list[str]:
    """Return them once each, what is written out before what stands for anything, segment by segment."""
    return sorted(set(templates), key=lambda text: ([_rank(part) for part in text.split("/")], text))


def _rank(part: str) -> int:
    if _REST.fullmatch(part):
        return 3
    return 2 if _PARAMETER.fullmatch(part) else 1 if _PARAMETER.search(part) else 0


def pattern_of(template: str, *, only: str = "") -> str:
    """Return the RE2 expression of the whole paths that it fits; with `only`, other parameters than that are taken by letter."""
    parts = []
    for part in template.strip("/").split("/"):
        if _REST.fullmatch(part):
            parts.append("(?:/.*)?" if part.endswith("?}") else "/.+")
            continue
        pieces = re.split(r"(\{[^{}/]*\})", part)
        stands = (piece == only if only else bool(_PARAMETER.fullmatch(piece)) for piece in pieces)
        parts.append("/" + "".join("[^/]+" if any_ else re.escape(piece) for piece, any_ in zip(pieces, stands, strict=True)))
    return "^" + "".join(parts).removesuffix("/") + "/?$"


def macro(given: Sequence[str], learned: Sequence[str]) -> str:
    """Return the SQL that makes `template_of(path)`.

    Args:
        given: Templates that are matched with the path.
        learned: Templates that are matched with the path when its ids are {id} already; only their {slug} stands for anything.

    """
    cases = [_case(given, "path", ""), _case(learned, "path_shape_of(path)", SLUG), "path_shape_of(path)"]
    return f"create or replace temp macro template_of(path) as coalesce({', '.join(case for case in cases if case)})"


def _case(templates: Sequence[str], subject: str, only: str) -> str:
    """Return a CASE by the first segment, so that few expressions are tried on each path."""
    groups: dict[str, list[str]] = {}
    anywhere: list[str] = []
    for template in ordered(templates):
        first = template.strip("/").split("/")[0]
        (anywhere if _PARAMETER.search(first) else groups.setdefault(first, [])).append(template)
    if not templates:
        return ""
    rest = _tried(anywhere, subject, only) or "null"
    if not groups:
        return rest
    whens = " ".join(
        f"when {literal(first)} then {f'coalesce({_tried(found, subject, only)}, {rest})'}" for first, found in sorted(groups.items())
    )
    return f"case split_part({subject}, '/', 2) {whens} else {rest} end"


def _tried(templates: Sequence[str], subject: str, only: str) -> str:
    whens = " ".join(f"when regexp_matches({subject}, {literal(pattern_of(one, only=only))}) then {literal(one)}" for one in templates)
    return f"case {whens} end" if whens else ""
