"""Which table a cache's keys are copies of: as it was given, or learned from names and proven by values.

Learned means: the objects' fields have the names of the table's columns, the ids in the keys are in a unique column of it, and most of the
values agree. What only looks alike (a table with the same names and other rows) is not taken, and of two that fit equally none is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.errors import BadAnswer, ParameterError, Refused, TimedOut
from helpers.redis.cached import SCALAR, Cached, by_pattern, read_cached, some_of
from helpers.redis.connect import Redis
from helpers.redis.keys import SEPARATORS
from helpers.redis.sameness import plain_name, same
from helpers.redis.tables import Rows, Table, read_rows, tables

__all__ = ["GONE", "Copy", "differing", "given_copy", "learn_copies"]

PATTERNS = 24
SAMPLE = 24
FEWEST = 5  # fewer keys of a pattern tell too little of what they are copies of
THERE = 0.8  # of the ids must be in the table, or it is another one's
AGREE = 0.5  # of the compared values: a cache that is mostly wrong cannot be told from a wrong table
GONE = "(the row is gone)"
_CHANGED = re.compile("(last)?(updat|modif|chang|edit)")


@dataclass(frozen=True, slots=True)
class Copy:
    """Keys of `pattern` are copies of `table`'s rows by `id_column`; `fields` maps the cached fields that are compared to columns.

    `learned` says how it is known; `dropped` are fields of the same name that never agree, and so are written in another way.
    """

    pattern: str
    table: Table
    id_column: str
    fields: dict[str, str]
    learned: str
    dropped: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The columns to read: those compared, and the one that tells when a row was changed."""
        return list(dict.fromkeys([*self.fields.values(), *([self.changed_column] if self.changed_column else [])]))

    @property
    def changed_column(self) -> str:
        """The column with the time of a row's last change, by its name; empty where there is none."""
        times = [name for name, kind in self.table.columns.items() if kind.startswith("timestamp")]
        return next((name for name in times if _CHANGED.match(plain_name(name))), "")

    @property
    def subject(self) -> str:
        """How a cause names it."""
        return f"{self.pattern} ↔ {self.table.name}"


@dataclass(slots=True)
class _Score:
    there: int = 0
    asked: int = 0
    said: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)


def differing(cached: Cached, row: dict[str, object] | None, copy: Copy) -> tuple[str, ...]:
    """Return the cached fields that say something else than the row; GONE alone where there is no row. Pure."""
    if row is None:
        return (GONE,)
    return tuple(
        name
        for name, column in copy.fields.items()
        if name in cached.fields and same(cached.fields[name], row[column], copy.table.columns[column], as_text=cached.as_text) is False
    )


async def given_copy(redis: Redis, rows: Rows, *, pattern: str, table: str, id_column: str = "", fields: str = "") -> Copy:
    """Return the mapping that was given, its gaps filled by names.

    Args:
        redis: Read-only session.
        rows: Read-only session to PostgreSQL.
        pattern: `article:{id}`.
        table: As SQL writes it.
        id_column: The column the ids in the keys are of; empty: the unique one.
        fields: `cached=column, cached=column`, and `=column` for a plain value; empty: by name.

    Raises:
        ParameterError: no such table or column, or nothing to compare.

    """
    found = await tables(rows, table)
    if not found:
        raise ParameterError(f"There is no table {table} that this role may read.")
    one = found[0]
    keys = [id_column] if id_column else sorted(one.keys, key=lambda k: (k != "id", k))
    if not keys or keys[0] not in one.columns:
        raise ParameterError(f"{one.name} has no {id_column or 'unique column'}.", remedy="Give id_column.")
    values = await read_cached(redis, await some_of(redis, pattern, most=SAMPLE), pattern)
    named = _given_fields(fields) or _by_name(values, one, keys[0])
    if not named or any(column not in one.columns for column in named.values()):
        raise ParameterError(f"Nothing of {pattern} can be compared with {one.name}.", remedy="Give fields, such as `price=price_cents`.")
    return Copy(pattern, one, keys[0], named, "It was given.")


def _given_fields(fields: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in fields.split(",") if part.strip()]
    return {name.strip(): column.strip() for name, equals, column in pairs if equals and column.strip()}


def _by_name(values: Sequence[Cached], table: Table, key: str) -> dict[str, str]:
    columns = {plain_name(c): c for c in table.columns if c != key}
    names = Counter(name for value in values for name in value.fields)
    common = [name for name, n in names.items() if 2 * n >= len(values)]
    if common == [SCALAR]:
        flags = [c for c, kind in table.columns.items() if kind == "boolean"]
        return {SCALAR: flags[0]} if len(flags) == 1 else {}
    return {name: columns[plain_name(name)] for name in common if plain_name(name) in columns}


async def learn_copies(redis: Redis, rows: Rows) -> list[Copy]:
    """Return the mappings that the names suggest and the values prove, those with most keys first. Raises SystemProblem."""
    known = await tables(rows)
    found = []
    for pattern, keys in list((await by_pattern(redis)).items())[:PATTERNS]:
        if len(keys) < FEWEST:
            continue
        values = await read_cached(redis, keys[:SAMPLE], pattern)
        if len(values) >= FEWEST:
            copy = await _best(rows, pattern, values, known)
            found += [copy] if copy else []
    return found


async def _best(rows: Rows, pattern: str, values: Sequence[Cached], known: Sequence[Table]) -> Copy | None:
    fitting: list[tuple[tuple[bool, float, int], Copy]] = []
    for table in known:
        for key in table.keys:
            named = _by_name(values, table, key)
            if not named or (SCALAR not in named and len(named) < 2):
                continue
            try:
                score = await _scored(rows, values, table, key, named)
            except (Refused, BadAnswer, TimedOut):  # this table is locked or closed to this role: it is no candidate, others are
                continue
            copy = _proven(pattern, table, key, named, score)
            if copy:
                agreement = score.agreed.total() / max(score.said.total(), 1)
                fitting.append(((_namesake(pattern, table), round(agreement, 2), len(copy.fields)), copy))
    fitting.sort(key=lambda one: one[0], reverse=True)
    tied = len(fitting) > 1 and fitting[0][0] == fitting[1][0] and fitting[0][1].table.name != fitting[1][1].table.name
    return None if tied or not fitting else fitting[0][1]


async def _scored(rows: Rows, values: Sequence[Cached], table: Table, key: str, named: dict[str, str]) -> _Score:
    score = _Score(asked=len(values))
    found = await read_rows(rows, table, key, list(dict.fromkeys(named.values())), [v.id for v in values])
    for value in values:
        row = found.get(value.id)
        if row is None:
            continue
        score.there += 1
        for name, column in named.items():
            said = same(value.fields.get(name), row[column], table.columns[column], as_text=value.as_text) if name in value.fields else None
            if said is not None:
                score.said[name] += 1
                score.agreed[name] += said
    return score


def _proven(pattern: str, table: Table, key: str, named: dict[str, str], score: _Score) -> Copy | None:
    """Return the mapping if the values prove it; fields that never agree are dropped, being written in another way."""
    dropped = tuple(name for name in named if not score.agreed[name])
    kept = {name: column for name, column in named.items() if name not in dropped}
    said = sum(score.said[name] for name in kept)
    agreed = sum(score.agreed[name] for name in kept)
    if score.there < THERE * score.asked or score.there < FEWEST or not kept or agreed < AGREE * said:
        return None
    if SCALAR in kept and not _namesake(pattern, table):  # two truth values agree by chance
        return None
    how = f"{score.there} of {score.asked} ids are in {table.name}, and {agreed} of {said} values agree."
    return Copy(pattern, table, key, kept, how, dropped)


def _namesake(pattern: str, table: Table) -> bool:
    """Whether a word of the pattern is the table's name, in the singular or the plural."""
    last = re.split(r'\.(?=(?:[^"]*"[^"]*")*[^"]*$)', table.name)[-1]
    name = _singular(plain_name(last))
    words = [_singular(plain_name(word)) for word in SEPARATORS.split(pattern)[::2]]
    return any(word and (word == name or (len(word) > 3 and name.endswith(word))) for word in words)


def _singular(word: str) -> str:
    return word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") and not word.endswith("ss") else word
