"""From the differences to a migration: every statement by itself, in an order that works, with the way back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from helpers.postgres.schema.catalog import Schema, SchemaObject
from helpers.postgres.schema.compare import Difference, Kind
from helpers.postgres.schema.making import (
    Change,
    add_column,
    add_constraint,
    check_not_null,
    create_index,
    create_relation,
    create_sequence,
)
from helpers.postgres.schema.type_range import holds_all_of

__all__ = ["changes_for", "widens_integer"]

# What others rest on comes first: labels, tables, columns, then rules, then indexes.
_ORDER = (
    Kind.LABEL_MISSING, Kind.RELATION_MISSING, Kind.COLUMN_MISSING, Kind.TYPE_CHANGED, Kind.COLUMN_REQUIRED, Kind.NOT_NULL_ADDED,
    Kind.DEFAULT_CHANGED, Kind.NOT_NULL_MISSING, Kind.CONSTRAINT_MISSING, Kind.INDEX_MISSING, Kind.INDEX_INVALID,
)  # fmt: skip


def changes_for(differences: Sequence[Difference], live: Schema, wanted: Schema) -> list[Change]:
    """Return the changes that take the differences away; what may lose values is left to a person, in `careful` and `later`."""
    ordered = sorted(differences, key=lambda d: _ORDER.index(d.kind))
    changes = list(_labels([d for d in ordered if d.kind is Kind.LABEL_MISSING], live, wanted))
    changes += [_change(d, live, wanted) for d in ordered if d.kind is not Kind.LABEL_MISSING]
    made = {d.thing.relation for d in ordered if d.kind is Kind.RELATION_MISSING}
    keys = [c for c in wanted.of("constraint") if c.relation in made and c.type_code == "f"]
    return changes + [_key_of_new_table(c) for c in keys]  # last, so that tables may refer to each other


def widens_integer(difference: Difference) -> bool:
    """Whether an integer column is to become bigint: there are steps for that."""
    return difference.kind is Kind.TYPE_CHANGED and difference.wanted == "bigint" and difference.live in ("smallint", "integer")


def _labels(differences: Sequence[Difference], live: Schema, wanted: Schema) -> Iterator[Change]:
    """A type that is not there is made; to one that is, a label is added where it belongs. A label cannot be taken back."""
    there = {o.relation for o in live.of("enum")}
    for relation, group in groupby(differences, key=lambda d: d.thing.relation):
        labels = sorted(wanted.of("enum", relation), key=lambda o: o.position)
        missing = [d.thing for d in group]
        if relation not in there:
            yield Change([f"CREATE TYPE {relation} AS ENUM ({', '.join(o.name for o in labels)});"], [f"DROP TYPE {relation};"])
            continue
        up = []
        for one in sorted(missing, key=lambda o: o.position):
            place = (
                f" AFTER {labels[one.position - 2].name}" if one.position > 1 else f" BEFORE {labels[1].name}" if len(labels) > 1 else ""
            )
            up.append(f"ALTER TYPE {relation} ADD VALUE {one.name}{place};")
        yield Change(up, careful=f"A label of {relation} cannot be taken back.")


def _change(difference: Difference, live: Schema, wanted: Schema) -> Change:
    kind, thing = difference.kind, difference.thing
    if kind is Kind.RELATION_MISSING:
        return create_relation(thing, wanted, live)
    if kind is Kind.TYPE_CHANGED:
        return _type(difference)
    if kind is Kind.DEFAULT_CHANGED:
        return _default(difference)
    simple = {Kind.COLUMN_MISSING: add_column, Kind.CONSTRAINT_MISSING: add_constraint, Kind.INDEX_MISSING: create_index}
    if kind in simple:
        return simple[kind](thing)
    column = f"ALTER TABLE {thing.relation} ALTER COLUMN {thing.name}"
    if kind in (Kind.COLUMN_REQUIRED, Kind.NOT_NULL_ADDED):
        return Change([f"{column} DROP NOT NULL;"], [f"{column} SET NOT NULL;"])
    if kind is Kind.NOT_NULL_MISSING:
        careful = f"Rows where {difference.subject} is NULL must be filled first."
        return Change((), [f"{column} DROP NOT NULL;"], check_not_null(thing), careful)
    return Change(careful=f"{thing.name} is INVALID: `runbook run invalid_index`.")


def _key_of_new_table(rule: SchemaObject) -> Change:
    """A table that was made just now has no row to validate."""
    return Change(
        [f"ALTER TABLE {rule.relation} ADD CONSTRAINT {rule.name} {rule.definition};"],
        [f"ALTER TABLE {rule.relation} DROP CONSTRAINT {rule.name};"],
    )


def _type(difference: Difference) -> Change:
    thing = difference.thing
    change = f"ALTER TABLE {thing.relation} ALTER COLUMN {thing.name} TYPE"
    up, down = f"{change} {difference.wanted};", f"{change} {difference.live};"
    if not holds_all_of(difference.wanted, difference.live):
        return Change(
            (),
            (),
            [up],
            f"{difference.subject} from {difference.live} to {difference.wanted} may change or lose values: look at them first.",
        )
    if difference.wanted.startswith(("character varying", "text", "numeric")):
        return Change([up], [down])  # the rows stay as they are written (manual, ALTER TABLE)
    careful = (
        f"{difference.subject} from {difference.live} to {difference.wanted} writes the whole table under ACCESS EXCLUSIVE: nobody reads it "
        "meanwhile. Where that takes longer than users may wait: a second column, kept equal by a trigger, filled in batches, and swapped."
    )
    return Change((), [], [up], careful)


def _default(difference: Difference) -> Change:
    thing = difference.thing
    column = f"ALTER TABLE {thing.relation} ALTER COLUMN {thing.name}"
    if thing.extra:
        return Change(careful=f"{difference.subject} is to be {thing.default_value}, and is {difference.live}: by hand.")
    back = "DROP DEFAULT" if difference.live == "nothing" else f"SET DEFAULT {difference.live}"
    if difference.live == "numbered by the server":
        return Change(
            (), (), [f"{column} SET DEFAULT {thing.default_value};"], f"{difference.subject} is numbered by the server here: look first."
        )
    return Change([*create_sequence(thing), f"{column} SET DEFAULT {thing.default_value};"], [f"{column} {back};"])
