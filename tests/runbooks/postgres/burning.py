"""Servers on which a diagnosis has a hard time, each as a context that yields the address a profile would hold."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from helpers.sandbox import Sandbox
from helpers.sandbox.accounts import reachable_binaries, server_account
from helpers.sandbox.binaries import postgres_binaries
from helpers.sandbox.places import base_folder
from helpers.sandbox.services.pgbouncer import PgBouncerService, Pool
from helpers.sandbox.services.postgres import PostgresService

ROWS = 5000
TABLES = 10_000
STATEMENTS = 5_000


def as_role(dsn: str, role: str, password: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}"))


async def superuser(sandbox: Sandbox, *statements: str) -> None:
    connection = await asyncpg.connect(sandbox.admin_dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def outsider(sandbox: Sandbox, *grants: str) -> str:
    """A role that may read the tables, and what `grants` say."""
    role, password = f"reader_{secrets.token_hex(3)}", secrets.token_hex(8)
    await superuser(
        sandbox,
        f"create role {role} login password '{password}'",
        f"grant select on all tables in schema public to {role}",
        *(f"grant {grant} to {role}" for grant in grants),
    )
    return as_role(sandbox.postgres_dsn, role, password)


@asynccontextmanager
async def small(**settings: object) -> AsyncIterator[Sandbox]:
    async with Sandbox.start(services=("postgres",), load_rps=0, rows=ROWS, postgres_settings=settings) as sandbox:
        yield sandbox


@asynccontextmanager
async def slots_used_up(*grants: str) -> AsyncIterator[str]:
    """One application holds every connection an ordinary role may open."""
    held = []
    async with small(max_connections=20) as sandbox:
        dsn = await outsider(sandbox, "pg_monitor", *grants)
        try:
            while True:
                held.append(await asyncpg.connect(sandbox.application_dsn, server_settings={"application_name": "orders-api"}))
        except asyncpg.TooManyConnectionsError:
            yield dsn
        finally:
            for connection in held:
                connection.terminate()


def slots_used_up_but_ours() -> object:
    """The same, seen by a role for which some are reserved (PostgreSQL 16+)."""
    return slots_used_up("pg_use_reserved_connections")


@asynccontextmanager
async def every_table_locked() -> AsyncIterator[str]:
    """A maintenance script holds ACCESS EXCLUSIVE on every table of the database."""
    async with small() as sandbox:
        holder = await asyncpg.connect(sandbox.admin_dsn)
        tables = await holder.fetch(
            "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        async with holder.transaction():
            for table in tables:
                await holder.execute(f"lock table {table[0]} in access exclusive mode")
            yield sandbox.postgres_dsn
        await holder.close()


@asynccontextmanager
async def many_tables() -> AsyncIterator[str]:
    """10,000 tables, each with its key, in a database that is dropped before the sandbox ends: so many files take their time."""
    loop = f"for n in 1..{TABLES} loop execute format('create table t%s (id int primary key)', n);"
    async with small() as sandbox:
        await superuser(sandbox, "create database crowded owner shop_owner")
        admin, dsn = (f"{one.rpartition('/')[0]}/crowded" for one in (sandbox.admin_dsn, sandbox.postgres_dsn))
        connection = await asyncpg.connect(admin)
        await connection.execute("create extension pg_stat_statements")
        await connection.execute("create table orders (status text)")
        await connection.execute("alter table orders owner to shop_owner")
        await connection.execute(f"do $$ begin {loop} if n % 200 = 0 then commit; end if; end loop; end $$")
        await connection.close()
        yield dsn
        await superuser(sandbox, "drop database crowded with (force)")


@asynccontextmanager
async def many_statements() -> AsyncIterator[str]:
    """As many different statements as pg_stat_statements holds."""
    async with small() as sandbox:
        text = "; ".join(f"with c{n} as (select {n} as id) select * from c{n}" for n in range(STATEMENTS))
        await superuser(sandbox, text)
        yield sandbox.postgres_dsn


@asynccontextmanager
async def no_statements() -> AsyncIterator[str]:
    """pg_stat_statements is not installed."""
    async with small() as sandbox:
        await superuser(sandbox, "drop extension pg_stat_statements")
        yield sandbox.postgres_dsn


@asynccontextmanager
async def no_monitor() -> AsyncIterator[str]:
    """A role that sees its own sessions and settings only."""
    async with small() as sandbox:
        yield await outsider(sandbox)


@asynccontextmanager
async def pooled() -> AsyncIterator[str]:
    """The profile's address is PgBouncer's, in transaction mode."""
    async with small() as sandbox:
        pooler = PgBouncerService(sandbox.addresses, Pool(size=8, one_role=False))
        await pooler.start()
        try:
            yield pooler.through(sandbox.postgres_dsn)
        finally:
            await pooler.stop()


class Standby(PostgresService):
    """A copy of a running server that follows it."""

    def __init__(self, folder: Path, primary: str) -> None:
        super().__init__(folder)
        self._primary = primary
        self.password = ""

    async def prepare(self) -> None:
        found, copyable = postgres_binaries()
        self._binaries = await asyncio.to_thread(reachable_binaries, found, self.folder, copyable=copyable)
        self.data.parent.mkdir(mode=0o700)
        account = self.account()
        if account:
            account.own(self.data.parent)
        command = [self._binaries / "pg_basebackup", "-d", self._primary, "-D", self.data, "-X", "stream", "-c", "fast", "-R", "--no-sync"]
        who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False, **who
        )
        assert done.returncode == 0, done.stderr


@asynccontextmanager
async def standby() -> AsyncIterator[str]:
    """A read-only copy in recovery."""
    folder = Path(tempfile.mkdtemp(prefix="runbook-standby-", dir=base_folder()))
    folder.chmod(0o711 if server_account() else 0o700)
    (folder / "logs").mkdir()
    async with small() as sandbox:
        server = Standby(folder, sandbox.admin_dsn)
        server.password = unquote(urlsplit(sandbox.admin_dsn).password or "")
        try:
            await server.prepare()
            await server.start()
            parts = urlsplit(sandbox.postgres_dsn)
            yield urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{server.port}"))
        finally:
            await server.stop()
            shutil.rmtree(folder)
