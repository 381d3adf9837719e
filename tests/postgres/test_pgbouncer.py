"""Through PgBouncer in transaction mode, where a session's state is somebody else's a moment later."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
import pytest

from helpers.errors import SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.create_index import CreateIndex
from helpers.postgres.write import PostgresWriter

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed (apt-get install pgbouncer, conda install pgbouncer)")


@pytest.fixture
async def pooled(own_database):
    """A DSN through a pooler with two server connections."""
    parts = urlsplit(own_database)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="runbook-pgbouncer-"))
    folder.chmod(0o755)
    password = unquote(parts.password).replace('"', '""')
    (folder / "users.txt").write_text(f'"{parts.username}" "{password}"\n')
    (folder / "pgbouncer.ini").write_text(f"""
[databases]
{parts.path[1:]} = host=127.0.0.1 port={parts.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
server_tls_sslmode = disable
""")
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([PGBOUNCER, *account, str(folder / "pgbouncer.ini")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    dsn = urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}"))
    until = time.monotonic() + 10
    while True:
        try:
            await (await asyncpg.connect(dsn, statement_cache_size=0)).close()
            break
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < until
            assert process.poll() is None
            await asyncio.sleep(0.05)
    yield dsn
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder)


async def test_questions_work_and_leave_nothing_behind(pooled):
    """Twelve sessions share two server connections: no prepared statement, setting or lock of one is met by another."""
    sessions = [await Postgres.connect(pooled, application_name="runbook:pooled") for _ in range(12)]

    async def ask(pg: Postgres, number: int) -> tuple[int, str, int]:
        for _ in range(5):
            value = await pg.value("select $1::int + 1", number)
            await pg.value("select pg_advisory_lock($1)", 7)
            plan = await pg.explain("select * from pg_class where oid = $1")
        return value, plan["Plan"]["Node Type"], len(await pg.fetch("select generate_series(1, 50)", limit=3))

    answers = await asyncio.gather(*(ask(pg, i) for i, pg in enumerate(sessions)))
    pooled_flags = {pg.pooled for pg in sessions}
    for pg in sessions:
        await pg.close()
    plain = await asyncpg.connect(pooled, statement_cache_size=0)
    state = await plain.fetchrow("""select current_setting('statement_timeout') as t, current_setting('transaction_read_only') as ro,
        (select count(*) from pg_prepared_statements) as p, (select count(*) from pg_locks where locktype = 'advisory') as locks""")
    await plain.close()
    assert [a[0] for a in answers] == [i + 1 for i in range(12)]
    assert ({a[2] for a in answers}, pooled_flags, dict(state)) == ({3}, {True}, {"t": "0", "ro": "off", "p": 0, "locks": 0})


async def test_writing_is_refused_through_a_pooler_too(pooled):
    """The transaction is read-only wherever it runs."""
    pg = await Postgres.connect(pooled)
    with pytest.raises(SystemProblem):
        await pg.fetch("create table t (a int)")
    await pg.close()


async def test_a_fix_is_applied_and_undone_through_a_pooler(pooled, own_database):
    """No setting leaks to the other clients of the pooler."""
    admin = await asyncpg.connect(own_database)
    await admin.execute("create table t (a int); insert into t select generate_series(1, 1000)")
    pg, writer = await Postgres.connect(pooled), await PostgresWriter.connect(pooled, application_name="runbook:pooled")
    fix = CreateIndex("t", ["a"])
    preview = await fix.preview(pg)
    await fix.apply(writer, preview)
    said = await fix.read_back(pg)
    await fix.undo(writer, dict(preview.inverse))
    left = await admin.fetchval("select count(*) from pg_index where indrelid = 't'::regclass")
    other = await asyncpg.connect(pooled, statement_cache_size=0)
    leaked = await other.fetchval("select current_setting('lock_timeout')")
    for connection in (other, admin, pg, writer):
        await connection.close()
    assert ("valid" in said, left, leaked) == (True, 0, "0")
