"""schema_drift: two real schemas compared; the migration it proposes makes them equal; what is no drift is not told."""

import asyncpg
import pytest

from helpers.errors import ParameterError
from helpers.postgres.checks.schema_drift import schema_drift
from helpers.postgres.fixes.migrate_schema import MigrateSchema
from helpers.postgres.wanted_schema import pending_migrations
from helpers.results import Status
from tests.postgres.conftest import at

BASE = 'create table a (id int primary key, x text); create schema "Odd"; create table "Odd"."B" ("no" int)'
AHEAD = {
    "a missing column": ("alter table a add y int not null default 7", "a.y"),
    "a missing column without a default": ("alter table a add y int not null", "a.y"),
    "a missing table with its rules": ('create table "Odd"."C" (id bigint generated always as identity primary key, a_id int references a (id), s text check (s <> \'\')); create index on "Odd"."C" (s)', '"Odd"."C"'),
    "a changed type": ("alter table a alter x type varchar(20)", "a.x"),
    "a rule that is missing": ("alter table a add constraint long check (length(x) > 1)", "a"),
    "an index that is missing": ("create index on a (x)", "a"),
    "not null": ("alter table a alter x set not null", "a.x"),
    "a default": ("alter table a alter x set default 'z'", "a.x"),
}  # fmt: skip


@pytest.fixture
async def head(sandbox_server, own_database):
    """A second database on the same server; its name."""
    name = own_database.rpartition("/")[2] + "_head"
    admin = await asyncpg.connect(sandbox_server.admin_dsn)
    await admin.execute(f"create database {name}")
    yield name
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


async def run(dsn, *statements):
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("kind", AHEAD)
async def test_the_difference_is_named_and_its_migration_takes_it_away(own_database, own_pg, head, kind):
    """Every statement as proposed; then nothing differs that was not told to need care."""
    change, subject = AHEAD[kind]
    await run(own_database, BASE)
    await run(at(own_database, database=head), BASE, change)
    found = await schema_drift(own_pg, compare_database=head)
    assert (found.status, found.code, found.subject) == (Status.PROBLEM, "schema_drift", subject)
    fix = MigrateSchema(**found.target)
    await run(own_database, *fix.up, *fix.alone)
    after = await schema_drift(own_pg, compare_database=head)
    assert (after.status is Status.OK) or ("not null" in after.summary and fix.careful), after.summary
    await run(own_database, *fix.down)
    assert (await schema_drift(own_pg, compare_database=head)).subject == subject


async def test_what_is_no_drift_is_not_told(own_database, own_pg, head):
    """Order of columns, an extension's tables, partitions, an extra column, other names of the same rules."""
    await run(own_database, "create table t (x text, id int, extra int, constraint one unique (id)); create index i on t (x)", "create extension pg_stat_statements",
              "create table p (at date) partition by range (at); create table p_1 partition of p for values from ('2026-01-01') to ('2026-02-01')")  # fmt: skip
    await run(at(own_database, database=head), "create table t (id int, x text, constraint two unique (id)); create index j on t (x)",
              "create table p (at date) partition by range (at)")  # fmt: skip
    found = await schema_drift(own_pg, compare_database=head)
    assert (found.status, len(found.against)) == (Status.OK, 1), found.because


async def test_nothing_to_compare_with_is_unknown(own_pg):
    """And says what to give."""
    found = await schema_drift(own_pg)
    assert (found.status, "compare_database" in found.summary) == (Status.UNKNOWN, True)


ALEMBIC = {
    "1a_first.py": "revision = '1a'\ndown_revision = None\n",
    "2b_second.py": "revision: str = '2b'\ndown_revision: str | None = '1a'\n",
    "3c_third.py": "revision = '3c'\ndown_revision = '2b'\n",
}
TOOLS = {
    "alembic": ("create table alembic_version (version_num text); insert into alembic_version values ('2b')", ALEMBIC, ["3c"]),
    "rails": ("create table schema_migrations (version text); insert into schema_migrations values ('20260101'), ('20260102')", {"20260101_a.sql": "", "20260102_b.sql": "", "20260103_c.sql": ""}, ["20260103"]),
    "flyway": ("create table flyway_schema_history (version text, success bool); insert into flyway_schema_history values ('1', true), ('2', false)", {"V1__a.sql": "", "V2__b.sql": ""}, ["2"]),
    "prisma": ("create table _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz); insert into _prisma_migrations values ('1_init', now(), null)", {"1_init/migration.sql": "", "2_next/migration.sql": ""}, ["2_next"]),
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
async def test_migrations_that_were_not_applied_are_named(own_database, own_pg, tmp_path, tool):
    """By the tool's own version table."""
    create, files, pending = TOOLS[tool]
    await run(own_database, create)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = await schema_drift(own_pg, migrations=str(tmp_path))
    assert ((await pending_migrations(own_pg, str(tmp_path))).pending, found.subject) == (pending, f"migration {pending[0]}")


async def test_a_folder_of_no_known_tool_is_bad_input(own_pg, tmp_path):
    """With the tools there are."""
    with pytest.raises(ParameterError, match="no migrations of a tool"):
        await schema_drift(own_pg, migrations=str(tmp_path))
