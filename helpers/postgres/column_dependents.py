"""One column, and what rests on it: what a migration that replaces the column must carry over (I/O)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import ParameterError
from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql

__all__ = ["Column", "Dependent", "read_column", "renamed_in"]

FACTS = """
select format('%I.%I', n.nspname, c.relname) as table, quote_ident(a.attname) as name, a.attname::text as plain, c.relname::text as table_name,
    n.nspname::text as schema_name, quote_ident(n.nspname) as schema, format_type(a.atttypid, null) as type, a.attidentity::text as identity,
    a.attnotnull as not_null, greatest(c.reltuples, 0)::float8 as rows, coalesce(q.sequence, '') as sequence, coalesce(q.owned, false) as owned,
    c.relkind = 'p' or c.relispartition as partitioned
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = $2 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
left join lateral (
    -- owned by the column (serial, identity), or only named by its default
    select format('%I.%I', sn.nspname, s.relname) as sequence, p.deptype in ('a', 'i') and p.refobjid = c.oid as owned
    from pg_depend p
    join pg_class s on s.relkind = 'S' and s.oid = case when p.refobjid = c.oid then p.objid else p.refobjid end
    join pg_namespace sn on sn.oid = s.relnamespace
    where (p.refclassid = 'pg_class'::regclass and p.refobjid = c.oid and p.refobjsubid = a.attnum and p.deptype in ('a', 'i'))
        or (p.classid = 'pg_attrdef'::regclass and p.objid = d.oid)
    order by 2 desc limit 1
) q on true
where c.oid = to_regclass($1)
"""


@dataclass(frozen=True, slots=True)
class Dependent:
    """One thing that rests on the column; names are SQL.

    `kind`: primary, unique, exclusion and index have an index's text as `definition`; foreign, check, and referring (another table's key) a
    constraint's; reader is a view, policy, trigger or generated column, described in `name`.
    """

    kind: str
    relation: str
    name: str
    definition: str
    schema_name: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the server names it; `sequence` gives it its numbers, and goes with it where it is `owned`."""

    table: str
    name: str
    plain: str
    table_name: str
    schema_name: str
    schema: str
    type: str
    identity: str
    not_null: bool
    rows: float
    sequence: str
    owned: bool
    partitioned: bool
    dependents: Sequence[Dependent] = ()

    def of(self, *kinds: str) -> list[Dependent]:
        """Return the dependents of some kinds."""
        return [d for d in self.dependents if d.kind in kinds]


async def read_column(pg: Postgres, table: str, column: str) -> Column:
    """Return the column of `table` (as SQL) with what rests on it. Raises ParameterError when there is no such column."""
    rows = await pg.fetch(FACTS, table, column)
    if not rows:
        raise ParameterError(f"There is no column {column} of {table}.")
    found = await pg.fetch(load_sql(__file__, pg.version_num), rows[0]["table"], column)
    return Column(**rows[0], dependents=[Dependent(**row) for row in found])


def renamed_in(text: str, name: str, new: str) -> str:
    """Return an expression as the server writes it with one column's name replaced; texts and functions of that name stay. Pure."""
    token = re.compile(rf"""'(?:[^']|'')*'|(?<![\w".$]){re.escape(name)}(?![\w"$]|\()""")
    return token.sub(lambda match: match[0] if match[0].startswith("'") else new, text)
