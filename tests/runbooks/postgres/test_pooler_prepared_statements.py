"""pooler_prepared_statements through papermill: its fault, poolers that are sound, none at all, a server that goes."""

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import psutil
import pytest

from helpers.errors import RunbookError, UsageError
from helpers.sandbox import Sandbox
from helpers.sandbox.services.pgbouncer import PgBouncerService, Pool, pgbouncer_binary
from tests.sandbox.asking import poll, traces

try:
    pgbouncer_binary()
except UsageError as missing:
    pytestmark = pytest.mark.skip(reason=str(missing))

NAME = "pooler_prepared_statements"


@pytest.mark.parametrize("variant", ["default", "pool_per_role", "named_by_hand"])
async def test_it_names_pooler_and_driver_and_proves_the_setting(fresh_sandbox, run, catalog, variant):
    """Named, with the setting as text; the proof is that the same transactions do not fail without prepared statements."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(NAME, variant=variant) as fault:
        before = await catalog(sandbox)
        result = await run(NAME, sandbox, apply=True, **fault.parameters)
        after = await catalog(sandbox)
    document = result.document
    proof = [said for said in document.cause.because if "as the proposed setting makes it, 0 of 60 transactions failed" in said]
    assert (document.cause.subject, document.verdict, result.exit_code, len(proof)) == (fault.subject, "cause_found", 1, 1)
    assert (document.fix.applicable, document.fix.applied, "statement_cache_size=0" in document.fix.patch, after) == (
        False,
        False,
        True,
        before,
    )


@asynccontextmanager
async def application_behind(sandbox, pool, **driver):
    """A pooler, and four clients of an application that do not lose anything there."""
    pooler = PgBouncerService(sandbox.addresses, pool)
    await pooler.start()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(reading(pooler.through(sandbox.application_dsn), **driver)) for _ in range(4)]
            yield pooler.address()
            for task in tasks:
                task.cancel()
    finally:
        await pooler.stop()


async def reading(dsn, **driver):
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "orders-api"}, **driver)
    try:
        while True:
            async with connection.transaction():
                await connection.fetchrow("select id, status from orders where id = $1", 7)
            await asyncio.sleep(0.03)
    finally:
        connection.terminate()


@pytest.mark.parametrize(
    ("pool", "driver"),
    [(Pool(size=2), {"statement_cache_size": 0}), (Pool(size=30, mode="session"), {})],
    ids=["cache off", "session pooling"],
)
async def test_an_application_that_suits_its_pooler_is_healthy(fresh_sandbox, run, pool, driver):
    """The setting in place, or a pool of sessions: nothing fails, and nothing is blamed."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, application_behind(sandbox, pool, **driver) as pooler:
        result = await run(NAME, sandbox, pooler=pooler)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


async def test_the_pooler_may_be_the_profiles_own_address(fresh_sandbox, run, monkeypatch):
    """Nothing to give then: that it is a pooler is seen, and there is no way around it to compare with."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(NAME) as fault:
        own = sandbox.postgres_dsn.rpartition("@")[0] + f"@{fault.parameters['pooler']}/shop"
        monkeypatch.setattr(type(sandbox), "profile", property(lambda _: {"postgres": own}))
        result = await run(NAME, sandbox)
    assert (result.document.cause.subject, result.document.verdict) == (fault.subject, "cause_found")


async def test_without_a_pooler_it_says_what_to_give(fresh_sandbox, run):
    """Not healthy: nobody looked."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        result = await run(NAME, sandbox)
    assert (result.document.verdict, result.exit_code, "Give the pooler's host:port" in result.document.summary) == (
        "inconclusive",
        3,
        True,
    )


async def test_a_pooler_that_is_not_there_is_inconclusive(fresh_sandbox, run):
    """PostgreSQL answers, so it is not called unreachable."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        result = await run(NAME, sandbox, pooler="127.0.0.1:1")
    assert (result.document.verdict, "does not let this role in" in result.document.summary) == ("inconclusive", True)


async def test_an_error_after_a_schema_change_is_another_failure_mode(fresh_sandbox, run):
    """0A000 is not a lost statement, though it comes from a prepared one."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(NAME) as fault:
        result = await run(NAME, sandbox, pooler=fault.parameters["pooler"], error="cached plan must not change result type")
    assert (result.document.verdict, result.document.cause, result.document.other) == ("other_cause", None, "schema_drift")


async def test_lock_contention_is_not_blamed_for_it(fresh_sandbox, run):
    """Its look-alikes keep quiet."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(NAME):
        result = await run("lock_contention", sandbox, window_s=3.0)
    assert (result.document.verdict, result.document.cause) == ("healthy", None)


async def test_the_password_is_in_no_report(fresh_sandbox, run):
    """Neither the profile's role nor the application's, which the pooler knows."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(NAME) as fault:
        result = await run(NAME, sandbox, **fault.parameters)
        secrets = [unquote(urlsplit(dsn).password) for dsn in (sandbox.postgres_dsn, sandbox.application_dsn)]
        texts = [path.read_bytes() for path in result.folder.rglob("*") if path.is_file()]
    assert [secret for secret in secrets for text in texts if secret.encode() in text] == []


async def test_it_leaves_no_statement_and_no_pooler_behind(fresh_sandbox, run):
    """Ours are deallocated; after the heal the pooler and its sessions are gone."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        async with sandbox.fault(NAME) as fault:
            await run(NAME, sandbox, **fault.parameters)
            host, port = fault.parameters["pooler"].split(":")
            own = urlsplit(sandbox.postgres_dsn)
            pooled = [
                await asyncpg.connect(
                    host=host, port=int(port), user=own.username, password=unquote(own.password), database="shop", statement_cache_size=0
                )
                for _ in range(6)
            ]
            async with asyncio.TaskGroup() as group:
                found = [group.create_task(ours_left(connection)) for connection in pooled]
            for connection in pooled:
                connection.terminate()
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection(host, int(port))
    assert [task.result() for task in found] == [0] * 6


async def ours_left(connection) -> int:
    async with connection.transaction():
        return await connection.fetchval("select count(*) from pg_prepared_statements where name like 'runbook%'")


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("reproduce", {"unreachable"}),
        ("isolate", {"unreachable"}),
        ("investigate", {"unreachable", "cause_found"}),
        ("fix", {"cause_found"}),
        ("verify", {"cause_found"}),
    ],
)
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step, verdict):
    """Run All reaches the report, and the report says what is not known."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        fault = await sandbox.break_(NAME)
        result = await run(NAME, sandbox, apply=True, kill_at=step, **fault.parameters)
        written = json.loads((result.folder / "incident.json").read_text())
        reports = [(result.folder / name).stat().st_size > 1000 for name in ("report.html", "report.md")]
    assert result.document.broken is None
    assert (result.document.verdict in verdict, written["verdict"], reports) == (True, result.document.verdict, [True, True])


async def test_a_killed_keeper_leaves_no_pooler_behind():
    """Kill -9 of the process that keeps the sandbox: its janitor and the kernel end the rest."""
    with contextlib.suppress(RunbookError):  # closing what was killed
        async with Sandbox.start(services=("postgres",), load_rps=0, rows=1000) as sandbox:
            await sandbox.break_(NAME)
            status = await sandbox.status()
            folder = Path(status["folder"])
            there = any("pgbouncer" in trace for trace in traces(folder))
            psutil.Process(status["keeper_pid"]).kill()

            async def nothing_left():
                return not traces(folder)

            gone = await poll(nothing_left)
    assert (there, gone) == (True, True)
