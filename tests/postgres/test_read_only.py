"""Every known way around a read-only session is tried through every public way to send SQL."""

import asyncio
import contextlib
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from helpers.errors import SystemProblem
from helpers.postgres.connect import Postgres
from tests.postgres.conftest import at

ROLE_FILE = Path(__file__).parents[2] / "helpers" / "postgres" / "reader_role.sql"

ATTACKS = [
    "SELECT 1; DROP TABLE target",
    "SELECT 1; COMMIT; DROP TABLE target",
    "COMMIT",
    "ROLLBACK",
    "WITH gone AS (DELETE FROM target RETURNING *) SELECT * FROM gone",
    "INSERT INTO target VALUES (2) RETURNING a",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "SELECT set_config('transaction_read_only', 'off', false), writes()",
    "SELECT set_config('default_transaction_read_only', 'off', false)",
    "DO $$ BEGIN DELETE FROM target; END $$",
    "CALL writes_and_commits()",
    "SELECT writes()",
    "SELECT nextval('target_ids')",
    "SELECT setval('target_ids', 99)",
    "SELECT pg_advisory_lock(4711)",
    "SELECT lo_create(4711)",
    "SELECT lo_from_bytea(4711, 'x')",
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/runbook-attack'",
    "COPY target FROM PROGRAM 'echo 2'",
    "SELECT * FROM target FOR UPDATE",
    "SELECT * INTO stolen FROM target",
    "CREATE TABLE stolen AS SELECT * FROM target",
    "CREATE TEMP TABLE stolen (a int)",
    "LOCK TABLE target IN ACCESS EXCLUSIVE MODE",
    "PREPARE kept AS SELECT 1",
    "LISTEN something",
    "NOTIFY something",
    "SELECT pg_notify('something', 'x')",
    "VACUUM target",
    "EXPLAIN ANALYZE DELETE FROM target",
    "TRUNCATE target",
    "SET ROLE postgres",
    "RESET ALL",
    "SELECT 1 -- \n; DROP TABLE target",
    "SELECT 1) ; DROP TABLE target; --",
    "runbook; DROP TABLE target; --",
]
STATE = """
select (select count(*) from target) as rows, (select last_value from target_ids) as last_value,
    (select count(*) from pg_class where relname in ('stolen', 'target')) as tables,
    (select count(*) from pg_locks where locktype = 'advisory') as advisory,
    (select count(*) from pg_largeobject_metadata) as large_objects
"""


@pytest.fixture
async def target(own_database):
    """A database with something to destroy: (superuser's DSN, admin connection)."""
    inside = await asyncpg.connect(own_database)
    await inside.execute("""
        CREATE TABLE target (a int); INSERT INTO target VALUES (1); CREATE SEQUENCE target_ids;
        CREATE FUNCTION writes() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO target VALUES (3) RETURNING a';
        CREATE PROCEDURE writes_and_commits() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM target; COMMIT; END $$;
    """)
    yield own_database, inside
    await inside.close()


WAYS = {
    "fetch": lambda pg, sql: pg.fetch(sql),
    "value": lambda pg, sql: pg.value(sql),
    "explain": lambda pg, sql: pg.explain(sql),
    "explain_analyze": lambda pg, sql: pg.explain(sql, analyze=True),
}


@pytest.mark.parametrize("way", WAYS)
async def test_no_attack_has_an_effect_even_as_superuser(target, way):
    """Refused by the server, or rolled back: the state before is the state after, on the same session."""
    dsn, inside = target
    before = dict(await inside.fetchrow(STATE))
    pg = await Postgres.connect(dsn)
    for sql in ATTACKS:
        with contextlib.suppress(SystemProblem):
            await WAYS[way](pg, sql)
        assert dict(await inside.fetchrow(STATE)) == before, sql
    readable = await pg.value("select current_setting('transaction_read_only')")
    await pg.close()
    assert (readable, Path("/tmp/runbook-attack").exists()) == ("on", False)


async def test_the_shipped_role_is_refused_what_a_transaction_does_not_stop(target, sandbox_server):
    """pg_terminate_backend, dblink, lo_export, COPY TO PROGRAM, files and settings: no."""
    dsn, inside = target
    await inside.execute("CREATE EXTENSION dblink")
    role, password = f"reader_{secrets.token_hex(3)}", secrets.token_hex(8)
    sql = ROLE_FILE.read_text().replace("runbook_reader", role).replace(":password", f"'{password}'").replace(':"database"', "current_db")
    database = urlsplit(dsn).path[1:]
    await inside.execute(sql.replace("current_db", database))
    victim = await inside.fetchval("SELECT pg_backend_pid()")
    pg = await Postgres.connect(at(dsn, user=role, password=password))
    refused = []
    for attack in [
        f"SELECT pg_terminate_backend({victim})",
        f"SELECT pg_cancel_backend({victim})",
        f"SELECT dblink_exec('dbname={database}', 'DELETE FROM target')",
        "SELECT lo_export(1, '/tmp/runbook-attack')",
        "SELECT pg_reload_conf()",
        "SELECT pg_stat_reset()",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_switch_wal()",
    ]:
        try:
            await pg.fetch(attack)
        except SystemProblem:
            refused.append(attack)
    alive = await asyncio.wait_for(inside.fetchval("SELECT count(*) FROM target"), 5)
    sees = pg.sees_everyone
    await pg.close()
    await inside.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert (len(refused), alive, sees) == (8, 1, True)


async def test_a_question_is_bounded_in_rows_and_time(sandbox_server):
    """A million rows become the limit; a sleep becomes a time-out."""
    pg = await Postgres.connect(sandbox_server.postgres_dsn)
    rows = await pg.fetch("select generate_series(1, 1000000)", limit=7)
    with pytest.raises(SystemProblem):
        await pg.fetch("select pg_sleep(30)", timeout_s=0.3)
    still = await pg.value("select 1")
    await pg.close()
    assert (len(rows), still) == (7, 1)


async def test_generic_plans_need_no_values(sandbox_server):
    """A statement with $n is planned without being run."""
    pg = await Postgres.connect(sandbox_server.postgres_dsn)
    plan = await pg.explain("select * from orders where customer_id = $1")
    again = await pg.explain("select * from orders where customer_id = $1")
    await pg.close()
    assert (plan["Plan"]["Node Type"] != "", "Plan" in again) == (True, True)
