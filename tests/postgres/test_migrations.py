"""Migrations as files against the tool's own table: which are not applied, which failed, and what cannot be said."""

import asyncpg
import pytest

from helpers.errors import ParameterError, Refused
from helpers.postgres.checks.schema_drift import schema_drift
from helpers.postgres.fixes.apply_migrations import ApplyMigrations
from helpers.postgres.migrations.books import Books, standing
from helpers.postgres.migrations.folder import read_folder
from helpers.postgres.migrations.migration import Folder, Migration
from helpers.results import Status

ALEMBIC = {
    "env.py": "target_metadata = object()\n",
    "versions/1a_first.py": "revision = '1a'\ndown_revision = None\n",
    "versions/2b_left.py": "from alembic import op\nrevision: str = '2b'\ndown_revision: str | None = '1a'\ndepends_on = None\n",
    "versions/0c_right.py": "revision = '0c'\ndown_revision = '1a'\n",
    "versions/4d_merge.py": "revision = '4d'\ndown_revision = ('2b', '0c')\n",
}
DJANGO = {
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": "class Migration(migrations.Migration):\n    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]\n",
    "shop/migrations/0002_refund.py": "class Migration(migrations.Migration):\n    dependencies = [('shop', '0001_initial')]\n",
    "shop/migrations/0001_squashed.py": "class Migration(migrations.Migration):\n    replaces = [('shop', '0001_initial'), ('shop', '0000_gone')]\n",
    "new/migrations/0001_initial.py": "class Migration(migrations.Migration):\n    dependencies = []\n",
}
SQL = "create table x ();"
# files, what is in the tool's table, what is not applied, what failed half-way
TOOLS = {
    "alembic": (ALEMBIC, "create table alembic_version (version_num text); insert into alembic_version values ('2b')", ["0c_right", "4d_merge"], []),
    "django": (DJANGO, "create table django_migrations (id serial, app text, name text, applied timestamptz); insert into django_migrations (app, name) values ('shop', '0001_initial'), ('shop', '0000_gone'), ('auth', '0001_initial')", ["shop.0002_refund"], []),
    "prisma": ({"migration_lock.toml": "", "1_init/migration.sql": SQL, "2_next/migration.sql": SQL, "3_more/migration.sql": SQL}, "create table _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz); insert into _prisma_migrations values ('1_init', now(), null), ('2_next', null, now()), ('3_more', null, null)", ["2_next"], ["3_more"]),
    "flyway": ({"V1__a.sql": SQL, "V1_1__b.sql": SQL, "V2.0__c.sql": SQL, "V10__d.sql": SQL, "R__view.sql": SQL}, "create table flyway_schema_history (version text, success bool, type text); insert into flyway_schema_history values ('1', true, 'BASELINE'), ('2', false, 'SQL'), (null, true, 'SQL')", ["V1_1__b", "V10__d"], ["V2.0__c"]),
    "rails": ({"20260101120000_a.rb": "", "20260102120000_b.rb": ""}, "create table schema_migrations (version text); insert into schema_migrations values ('20260101120000')", ["20260102120000_b"], []),
    "dbmate": ({"20260101_a.sql": "-- migrate:up\n", "20260102_b.sql": "-- migrate:up\n"}, "create table schema_migrations (version text); insert into schema_migrations values ('20260102')", ["20260101_a"], []),
    "golang-migrate": ({f"{n:06}_{name}.{way}.sql": SQL for n, name in ((1, "a"), (2, "b"), (10, "c")) for way in ("up", "down")}, "create table schema_migrations (version bigint, dirty bool); insert into schema_migrations values (2, false)", ["000010_c"], []),
    "golang-migrate, dirty": ({f"{n:06}_{name}.up.sql": SQL for n, name in ((1, "a"), (2, "b"), (3, "c"))}, "create table schema_migrations (version bigint, dirty bool); insert into schema_migrations values (2, true)", ["000003_c"], ["000002_b"]),
    "goose": ({"00001_a.sql": "-- +goose Up\n", "00002_b.sql": "-- +goose Up\n"}, "create table goose_db_version (id serial, version_id bigint, is_applied bool); insert into goose_db_version (version_id, is_applied) values (0, true), (1, true), (2, true), (2, false)", ["00002_b"], []),
}  # fmt: skip


def written(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


async def run(dsn, *statements):
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_what_is_not_applied_is_named_for_every_tool(own_database, own_pg, tmp_path):
    """By the tool's own table, wherever it stands; the first, or what failed, is the subject; the fix is the tool's own command."""
    for tool, (files, books, pending, failed) in TOOLS.items():
        await run(own_database, 'drop schema if exists "My App" cascade; create schema "My App"', f'set search_path = "My App"; {books}')
        found = await schema_drift(own_pg, migrations=written(tmp_path / tool, files))
        assert (found.code, found.facts["pending"], found.facts["failed"]) == ("schema_drift", pending, failed), tool
        assert (found.subject, found.fix) == (f"migration {[*failed, *pending][0]}", "apply_migrations"), tool
        fix = ApplyMigrations(**found.target)
        assert fix.tool == tool.partition(",")[0]
        assert (await fix.preview(own_pg)).statements[1] in fix.patch(await fix.preview(own_pg))


async def test_what_failed_half_way_is_seen_with_nothing_given(own_database, own_pg):
    """And only that: without it, nothing is said."""
    with pytest.raises(Refused):
        await schema_drift(own_pg)
    await run(own_database, "create table schema_migrations (version bigint, dirty bool); insert into schema_migrations values (7, true)")
    found = await schema_drift(own_pg)
    assert (found.subject, found.fix) == ("migration 7 (public.schema_migrations)", "apply_migrations")
    await run(own_database, "update schema_migrations set dirty = false")
    with pytest.raises(Refused, match="Nothing was given"):
        await schema_drift(own_pg)


async def test_all_applied_is_sound_and_a_database_that_never_migrated_is_not_judged(own_database, own_pg, tmp_path):
    """No table: the wrong database, or the wrong folder."""
    folder = written(tmp_path, {"1a_first.py": ALEMBIC["versions/1a_first.py"]})
    with pytest.raises(Refused, match="never ran"):
        await schema_drift(own_pg, migrations=folder)
    await run(own_database, "create table alembic_version (version_num text); insert into alembic_version values ('1a')")
    assert (await schema_drift(own_pg, migrations=folder)).status is Status.OK


async def test_a_database_that_differs_because_of_a_migration_names_the_migration(own_database, own_pg, tmp_path, sandbox_server):
    """The root, with what is missing as evidence."""
    from tests.postgres.conftest import at

    folder = written(tmp_path, {"001_a.up.sql": SQL, "002_b.up.sql": SQL})
    await run(
        own_database,
        "create table schema_migrations (version bigint, dirty bool); insert into schema_migrations values (1, false); create table t (id int)",
    )
    name = own_database.rpartition("/")[2] + "_head"
    await run(sandbox_server.admin_dsn, f"create database {name}")
    await run(at(own_database, database=name), "create table t (id int, more text)")
    found = await schema_drift(own_pg, compare_database=name, migrations=folder)
    await run(sandbox_server.admin_dsn, f"drop database {name} with (force)")
    assert (found.subject, any("t.more" in text for text in found.because)) == ("migration 002_b", True)


def test_the_books_of_newer_code_say_nothing_of_an_older_folder():
    """Alembic keeps its last revision only: what comes before one that is not known cannot be told."""
    from helpers.postgres.checks.schema_drift import judge
    from helpers.postgres.schema.drift import Drift

    folder = Folder("alembic", [Migration("1a", "1a_first"), Migration("2b", "2b_next", ("1a",))])
    found = judge(Drift(standing=standing(folder, Books("alembic_version", frozenset({"9z"})))), {})
    assert (found.status, "9z" in found.summary) == (Status.UNKNOWN, True)


def test_an_app_of_which_nothing_is_applied_may_not_be_installed():
    """Said, and no cause by itself."""
    from helpers.postgres.checks.schema_drift import judge
    from helpers.postgres.schema.drift import Drift

    folder = Folder("django", [Migration("shop.0001", "shop.0001"), Migration("new.0001", "new.0001")])
    found = judge(Drift(standing=standing(folder, Books("django_migrations", frozenset({"shop.0001"})))), {})
    assert (found.status, "new.0001" in found.summary) == (Status.UNKNOWN, True)


@pytest.mark.parametrize(("files", "said"), [({}, "No known"), ({"a.sql": SQL}, "No known"), ({"x.py": "def ("}, "cannot be read")])
def test_a_folder_of_no_known_tool_is_refused(tmp_path, files, said):
    """With the tools there are."""
    with pytest.raises(Refused, match=said):
        read_folder(written(tmp_path, files))


def test_files_are_read_and_never_run(tmp_path):
    """A migration's own code is data here."""
    text = "import pathlib\npathlib.Path('ran').write_text('x')\nrevision = '1'\ndown_revision = None\nraise SystemExit\n"
    found = read_folder(written(tmp_path, {"1_x.py": text}))
    assert ([m.name for m in found.migrations], (tmp_path / "ran").exists()) == (["1_x"], False)


def test_revisions_that_follow_each_other_in_a_circle_are_read_all_the_same(tmp_path):
    """A broken folder must not hang a run."""
    files = {"1_a.py": "revision = '1'\ndown_revision = '2'\n", "2_b.py": "revision = '2'\ndown_revision = '1'\n"}
    assert sorted(m.version for m in read_folder(written(tmp_path, files)).migrations) == ["1", "2"]


async def test_an_unknown_tool_is_bad_input(own_pg):
    """With those that are known."""
    with pytest.raises(ParameterError, match="Known: alembic"):
        await ApplyMigrations("liquibase").preview(own_pg)
