"""What a report is made of: a tree of sections and a few kinds of block, without a word of HTML, Markdown or Typst.

Each format maps these kinds and nothing else, so that all three have the same content and foreign text is escaped in one place each.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Bars",
    "Block",
    "Bullets",
    "Code",
    "Facts",
    "Node",
    "Page",
    "Paragraph",
    "Section",
    "Strip",
    "StripRow",
    "Table",
    "Tile",
    "Tree",
]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or more; `tone` is plain, lead, muted or warning."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Code:
    """Exact text: statements, a command, a migration."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences of equal rank; `kind` is plain, because, against or todo (a box to tick)."""

    items: tuple[str, ...]
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, a few of each."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head, all text already; `right` are the columns that hold numbers, `note` what is not shown."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    caption: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One session of a lock tree, and those that wait for it."""

    text: str
    detail: str
    mark: str = ""
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """The lock tree: heads first."""

    caption: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares as horizontal bars: (label, length in per cent of the widest there may be, value as text), longest first."""

    caption: str
    rows: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class StripRow:
    """One set of samples of a strip: (value, ok) each, and its p50 and p95 with interval; `kind` is before or after."""

    kind: str
    name: str
    points: tuple[tuple[float, bool], ...]
    n: int
    p50: float | None
    p95: float | None
    p95_ci: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Strip:
    """The samples before and after on one axis, with the expected limit; `description` says the same in words."""

    title: str
    description: str
    unit: str
    rows: tuple[StripRow, ...]
    limit: float | None = None
    limit_text: str = ""


Block = Paragraph | Code | Bullets | Facts | Table | Tree | Bars | Strip


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, its blocks, and the parts below it; `status` is a step's or a check's, `note` small print beside the heading."""

    title: str
    blocks: tuple[Block, ...] = ()
    parts: tuple[Section, ...] = ()
    anchor: str = ""
    status: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number at the top: what, the value, and a line below it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report; `warnings` is what is missing, torn or broken."""

    title: str
    verdict: str
    meaning: str
    lead: str
    facts: Facts
    tiles: tuple[Tile, ...]
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
