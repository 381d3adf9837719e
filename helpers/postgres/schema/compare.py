"""What a live schema lacks of the wanted one, worst first. Pure.

Only what breaks the code that was written for the wanted schema is a difference. What the live one has besides is counted as `extras`:
a nullable column, an index or a wider type more than asked for breaks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from helpers.postgres.schema.catalog import Schema, SchemaObject
from helpers.postgres.schema.type_range import holds_all_of

__all__ = ["Comparison", "Difference", "Kind", "compare_schemas"]


class Kind(IntEnum):
    """What differs; the lower number breaks more, and is named first."""

    RELATION_MISSING = 1
    COLUMN_MISSING = 2
    TYPE_CHANGED = 3
    COLUMN_REQUIRED = 4
    LABEL_MISSING = 5
    NOT_NULL_ADDED = 6
    DEFAULT_CHANGED = 7
    CONSTRAINT_MISSING = 8
    NOT_NULL_MISSING = 9
    INDEX_MISSING = 10
    INDEX_INVALID = 11


# What a client sees (PostgreSQL manual, appendix A, error codes).
BREAKS = {
    Kind.RELATION_MISSING: "statements on it fail (42P01)",
    Kind.COLUMN_MISSING: "statements that name it fail (42703)",
    Kind.TYPE_CHANGED: "values may be refused or out of range (22003, 22P02, 42804)",
    Kind.COLUMN_REQUIRED: "INSERTs that do not know it fail (23502)",
    Kind.LABEL_MISSING: "the value is refused (22P02)",
    Kind.NOT_NULL_ADDED: "NULLs are refused (23502)",
    Kind.DEFAULT_CHANGED: "INSERTs that leave it out get another value, or fail (23502)",
    Kind.CONSTRAINT_MISSING: "what it forbids gets in; ON CONFLICT on it fails (42P10)",
    Kind.NOT_NULL_MISSING: "NULLs get in",
    Kind.INDEX_MISSING: "statements it serves read the whole table",
    Kind.INDEX_INVALID: "the planner does not use it",
}


_PARTS = (Kind.LABEL_MISSING, Kind.CONSTRAINT_MISSING, Kind.INDEX_MISSING, Kind.INDEX_INVALID)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing the live schema lacks or has otherwise.

    `subject` is `table.column` for columns, the table for what belongs to it as a whole, the type for a label. `thing` is the wanted object,
    `wanted` and `live` what it is on either side.
    """

    kind: Kind
    subject: str
    wanted: str
    live: str
    thing: SchemaObject

    @property
    def label(self) -> str:
        """The kind in words: `column missing`."""
        if self.kind is Kind.RELATION_MISSING:
            return f"{self.thing.definition} missing"
        return self.kind.name.lower().replace("_", " ")

    @property
    def said(self) -> str:
        """The difference as a sentence."""
        what = f"{self.subject}, {self.thing.name}" if self.kind in _PARTS else self.subject
        sides = {"": "", "nothing": f" (wanted: {self.wanted})"}.get(self.live, f" (wanted: {self.wanted}; here: {self.live})")
        return f"{what}: {self.label}{'' if self.wanted in self.label else sides}: {BREAKS[self.kind]}."


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences, worst first; `extras` the subjects of what only the live schema has; `shared` how many relations both have."""

    differences: list[Difference]
    extras: list[str]
    shared: int
    wanted: int


def compare_schemas(live: Schema, wanted: Schema) -> Comparison:
    """Return what `live` lacks of `wanted`; names are shown as the live server prints them."""
    found = [
        *_relations(live, wanted),
        *_columns(live, wanted),
        *_constraints(live, wanted),
        *_indexes(live, wanted),
        *_labels(live, wanted),
    ]
    found.sort(key=lambda d: (d.kind, d.subject, d.thing.name))
    shared = len(live.relations.keys() & wanted.relations.keys())
    return Comparison(found, list(_extras(live, wanted)), shared, len(wanted.relations))


def _difference(kind: Kind, subject: str, thing: SchemaObject, wanted: str = "", live: str = "") -> Difference:
    return Difference(kind, subject, wanted, live, thing)


def _relations(live: Schema, wanted: Schema) -> Iterator[Difference]:
    for name, thing in wanted.relations.items():
        if name not in live.relations:
            yield _difference(Kind.RELATION_MISSING, live.shown(thing), thing, thing.definition, "nothing")


def _columns(live: Schema, wanted: Schema) -> Iterator[Difference]:
    there = {(o.relation, o.name): o for o in live.of("column")}
    asked = {(o.relation, o.name) for o in wanted.of("column")}
    for thing in wanted.of("column"):
        if thing.relation not in live.relations:
            continue
        other = there.get((thing.relation, thing.name))
        if other is None:
            yield _difference(Kind.COLUMN_MISSING, _column(live, thing), thing, thing.definition, "nothing")
        else:
            yield from _changed(_column(live, thing), thing, other)
    for key, thing in there.items():
        if key not in asked and thing.relation in wanted.relations and thing.required and not thing.default_value and _is_table(thing):
            yield _difference(Kind.COLUMN_REQUIRED, _column(live, thing), thing, "nothing", f"{thing.definition} NOT NULL without default")


def _column(live: Schema, thing: SchemaObject) -> str:
    return f"{live.shown(thing)}.{thing.name}"


def _is_table(thing: SchemaObject) -> bool:
    return thing.type_code in ("r", "p")  # a view's columns have no NOT NULL or default of their own


def _changed(name: str, thing: SchemaObject, other: SchemaObject) -> Iterator[Difference]:
    if other.definition != thing.definition and not holds_all_of(other.definition, thing.definition):
        yield _difference(Kind.TYPE_CHANGED, name, thing, thing.definition, other.definition)
    if not _is_table(thing):
        return
    if other.required and not thing.required:
        yield _difference(Kind.NOT_NULL_ADDED, name, thing, "nullable", "NOT NULL")
    if thing.required and not other.required:
        yield _difference(Kind.NOT_NULL_MISSING, name, thing, "NOT NULL", "nullable")
    asked, has = _default(thing), _default(other)
    if asked and asked != has:  # a default nobody asked for breaks nobody
        yield _difference(Kind.DEFAULT_CHANGED, name, thing, asked, has or "nothing")


def _default(thing: SchemaObject) -> str:
    """Return a default for comparing: however numbers are given out, they are given out by the server."""
    if thing.extra == "identity" or re.fullmatch(r"nextval\('.*'::regclass\)", thing.default_value):
        return "numbered by the server"
    return thing.default_value


def _constraints(live: Schema, wanted: Schema) -> Iterator[Difference]:
    there = {(o.relation, _rule(o)) for o in live.of("constraint")}
    unique = {(o.relation, o.definition) for o in live.of("index") if o.extra == "unique" and o.required}
    for thing in wanted.of("constraint"):
        if thing.relation not in live.relations or (thing.relation, _rule(thing)) in there:
            continue
        if thing.type_code == "u" and (thing.relation, thing.extra) in unique:
            continue  # a unique index does all a unique constraint does
        yield _difference(Kind.CONSTRAINT_MISSING, live.shown(thing), thing, _rule(thing), "nothing")


def _rule(thing: SchemaObject) -> str:
    """Return what a constraint says, validated or not: its name may have been made up by the server."""
    return thing.definition.removesuffix(" NOT VALID")


def _indexes(live: Schema, wanted: Schema) -> Iterator[Difference]:
    there: dict[tuple[str, str], bool] = {}
    for o in live.of("index"):
        there[o.relation, o.definition] = o.required or there.get((o.relation, o.definition), False)
    there |= {(o.relation, o.extra): True for o in live.of("constraint") if o.extra}
    for thing in wanted.of("index"):
        if thing.relation not in live.relations or not thing.required or there.get((thing.relation, thing.definition)):
            continue
        invalid = (thing.relation, thing.definition) in there
        kind, state = (Kind.INDEX_INVALID, "INVALID") if invalid else (Kind.INDEX_MISSING, "nothing")
        yield _difference(kind, live.shown(thing), thing, thing.definition, state)


def _labels(live: Schema, wanted: Schema) -> Iterator[Difference]:
    there = {(o.relation, o.name) for o in live.of("enum")}
    for thing in wanted.of("enum"):
        if (thing.relation, thing.name) not in there:
            yield _difference(Kind.LABEL_MISSING, live.shown(thing), thing, thing.name, "nothing")


def _extras(live: Schema, wanted: Schema) -> Iterator[str]:
    asked = {(o.kind, o.relation, o.name) for o in wanted.objects if o.kind in ("relation", "column")}
    texts = {(o.relation, _rule(o)) for o in wanted.objects} | {(o.relation, o.extra) for o in wanted.of("constraint")}
    for o in live.objects:
        if o.kind in ("relation", "column"):
            if (o.kind, o.relation, o.name) not in asked and (o.kind == "relation" or o.relation in wanted.relations):
                yield f"{live.shown(o)}.{o.name}" if o.name else live.shown(o)
        elif o.kind != "enum" and o.relation in wanted.relations and (o.relation, _rule(o)) not in texts:
            yield f"{o.kind} {o.name} on {live.shown(o)}"
