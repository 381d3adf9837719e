"""A database's schema as objects, read from the catalog (I/O)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpers.errors import Refused
from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql

__all__ = ["Schema", "SchemaObject", "changed_since", "read_schema"]

MOST_OBJECTS = 500_000
READ_S = 20.0

# Every change of a schema writes rows of these; ANALYZE and VACUUM change theirs in place.
STATE = """
select concat_ws(' ',
    (select count(*) || '/' || sum(xmin::text::bigint) from pg_class),
    (select count(*) || '/' || sum(xmin::text::bigint) from pg_attribute),
    (select count(*) || '/' || sum(xmin::text::bigint) from pg_attrdef),
    (select count(*) || '/' || sum(xmin::text::bigint) from pg_constraint),
    (select count(*) || '/' || sum(xmin::text::bigint) from pg_index),
    (select count(*) || '/' || sum(xmin::text::bigint) from pg_enum))
"""

# What migration tools keep their own books in: part of no schema.
BOOKKEEPING = frozenset({
    "alembic_version", "schema_migrations", "ar_internal_metadata", "flyway_schema_history", "_prisma_migrations", "django_migrations",
    "goose_db_version", "databasechangelog", "databasechangeloglock", "knex_migrations", "knex_migrations_lock", "__drizzle_migrations",
    "SequelizeMeta", "typeorm_metadata", "pgmigrations",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One object; `relation` and `name` are SQL, quoted by the server.

    `kind` is relation, column, constraint, index or enum (one label each). `definition` is a column's type, and the rest of the server's own
    text for the others. `required` is NOT NULL of a column, validated of a constraint, valid of an index.
    `type_code` is pg_class.relkind or pg_constraint.contype. `extra`: a partition key; `identity` or `generated`; an index's text behind a
    constraint; `unique`.
    """

    kind: str
    schema_name: str
    relation_name: str
    relation: str
    name: str
    definition: str
    extra: str
    default_value: str
    required: bool
    type_code: str
    position: int


@dataclass(frozen=True, slots=True)
class Schema:
    """Every object of one database; `path` are the schemas that need not be written, `version_num` the server's."""

    objects: Sequence[SchemaObject]
    path: tuple[str, ...] = ("public",)
    version_num: int = 0
    _relations: dict[str, SchemaObject] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._relations.update({o.relation: o for o in self.objects if o.kind == "relation"})

    @property
    def relations(self) -> dict[str, SchemaObject]:
        """Tables and views by their full name."""
        return self._relations

    def of(self, kind: str, relation: str = "") -> list[SchemaObject]:
        """Return the objects of a kind, of one relation or of all."""
        return [o for o in self.objects if o.kind == kind and relation in ("", o.relation)]

    def shown(self, thing: SchemaObject) -> str:
        """Return the name as the server prints it: without its schema where that is on the search path and hides nothing."""
        if thing.schema_name not in self.path:
            return thing.relation
        hidden = any(self._named(schema, thing.relation_name) for schema in self.path[: self.path.index(thing.schema_name)])
        return thing.relation if hidden else thing.relation[len(_quoted_schema(thing)) + 1 :]

    def _named(self, schema: str, name: str) -> bool:
        return any(o.schema_name == schema and o.relation_name == name for o in self._relations.values())


def _quoted_schema(thing: SchemaObject) -> str:
    """Return the schema's name as it stands quoted at the front of `relation`."""
    quoted = '"' + thing.schema_name.replace('"', '""') + '"'
    return quoted if thing.relation.startswith(quoted + ".") else thing.schema_name


async def read_schema(pg: Postgres, *, ignore: Sequence[str] = ()) -> Schema:
    """Return the schema of the session's database, without migration tools' own tables and what `ignore` names.

    Args:
        pg: Read-only session.
        ignore: Schemas or relations left out, as SQL prints them in full: `audit`, `public.spatial_ref_sys`.

    Raises:
        SystemProblem: the server cannot be asked, or a lock on a table with generated columns is held.

    """
    found = await pg.fetch(load_sql(__file__, pg.version_num), limit=MOST_OBJECTS + 1, timeout_s=READ_S)
    if len(found) > MOST_OBJECTS:
        raise Refused("postgres", f"The schema has more than {MOST_OBJECTS:,} objects.", remedy="Leave out schemas with `ignore`.")
    path = await pg.value("select current_schemas(false)::text[]")
    objects = (SchemaObject(**{**row, "extra": row["extra"] or ""}) for row in found)
    return Schema(_kept(objects, frozenset(ignore)), tuple(path), pg.version_num)


async def changed_since(pg: Postgres) -> str:
    """Return a text that is the same as long as no schema of the database changes; far cheaper than reading it."""
    return str(await pg.value(STATE))


def _kept(objects: Iterable[SchemaObject], ignore: frozenset[str]) -> list[SchemaObject]:
    return [
        o for o in objects if o.relation_name not in BOOKKEEPING and not ignore.intersection((o.relation, o.schema_name, o.relation_name))
    ]
