"""Checks of sessions: who is connected, who does nothing, who takes long, what they wait for."""

import asyncio

from helpers.postgres.checks.connections_in_use import connections_in_use
from helpers.postgres.checks.long_running_statements import long_running_statements
from helpers.postgres.checks.long_transactions import long_transactions
from helpers.postgres.checks.session_activity import session_activity
from helpers.postgres.checks.sessions_idle_in_transaction import sessions_idle_in_transaction
from helpers.results import Status
from tests.postgres.checks.conftest import until


async def test_connections_are_counted_against_what_is_usable(small_pg, client):
    """25 connections, 3 for superusers and on 16+ 3 reserved: the same sessions are few or too many by the limit asked for."""
    for _ in range(6):
        await client("billing")
    fine = await connections_in_use(small_pg)
    tight = await connections_in_use(small_pg, max_used_pct=20)
    assert (fine.status, fine.facts["usable"]) == (Status.OK, 19 if small_pg.version_num >= 160000 else 22)
    assert (tight.status, tight.rows[0].application_name, tight.rows[0].sessions) == (Status.PROBLEM, "billing", 6)


async def test_a_role_at_its_own_limit_is_a_problem(small, small_pg, client):
    """The server has room, the role has none."""
    await small.run("create role tight login password 'secret-tight' connection limit 2")
    first, second = [await client("billing", small.as_role("tight", "secret-tight")) for _ in range(2)]
    found = await connections_in_use(small_pg)
    await first.close()
    await second.close()
    await small.run("drop role tight")
    assert (found.status, "tight has 2 of its limit of 2" in found.summary) == (Status.PROBLEM, True)


async def test_connections_are_counted_without_rights(blind_pg, client):
    """States are hidden, numbers are not."""
    await client("billing")
    found = await connections_in_use(blind_pg, max_used_pct=1)
    assert (found.status, [r.sessions for r in found if r.application_name == "billing"]) == (Status.PROBLEM, [1])


async def test_a_session_idle_in_transaction_is_named(small_pg, client):
    """A plain idle one is not."""
    await client("idle")
    await (await client("forgetful")).execute("begin; select 1")
    found = await until(lambda: sessions_idle_in_transaction(small_pg, max_idle_s=0.1), lambda f: f.status == Status.PROBLEM)
    assert [(r.application_name, r.state) for r in found] == [("forgetful", "idle in transaction")]


async def test_idle_in_transaction_for_a_moment_is_fine(small_pg, client):
    """So is a crowd of them too small to matter; a crowd that holds the connections is not."""
    for _ in range(3):
        await (await client("quick")).execute("begin; select 1")
    fine = await until(lambda: sessions_idle_in_transaction(small_pg, max_share_pct=50), lambda f: len(f) == 3)
    crowd = await sessions_idle_in_transaction(small_pg)
    assert (fine.status, crowd.status) == (Status.OK, Status.PROBLEM)


async def test_a_long_statement_is_found_and_masked(small, small_pg, client):
    """With its wait event."""
    connection = await client("reports")
    running = asyncio.create_task(connection.execute("select pg_sleep(30), 'secret word'"))
    found = await until(lambda: long_running_statements(small_pg, max_run_s=0.2), lambda f: f.status == Status.PROBLEM)
    fine = await long_running_statements(small_pg)
    await small.run(f"select pg_cancel_backend({connection.get_server_pid()})")
    await asyncio.gather(running, return_exceptions=True)
    first = found.rows[0]
    assert (first.application_name, first.wait_event, "secret" in first.query, fine.status) == ("reports", "PgSleep", False, Status.OK)


async def test_a_long_transaction_is_found_active_or_not(small_pg, client):
    """What it wrote and the age of its snapshot are told."""
    connection = await client("batch")
    await connection.execute("begin isolation level repeatable read; create table t (a int)")
    found = await until(lambda: long_transactions(small_pg, max_open_s=0.1), lambda f: f.status == Status.PROBLEM)
    fine = await long_transactions(small_pg)
    await connection.execute("rollback")
    assert ([(r.application_name, r.wrote) for r in found], fine.status) == ([("batch", True)], Status.OK)


async def test_sessions_waiting_at_one_event_are_a_problem(small_pg, client):
    """Five wait for one lock."""
    holder = await client("holder")
    await holder.execute("select pg_advisory_lock(1)")
    waiting = [asyncio.create_task((await client("worker")).execute("select pg_advisory_xact_lock(1)")) for _ in range(5)]
    found = await until(lambda: session_activity(small_pg), lambda f: f.status == Status.PROBLEM)
    await holder.execute("select pg_advisory_unlock(1)")
    await asyncio.gather(*waiting)
    first = found.rows[0]
    assert (first.application_name, first.wait_event_type, first.sessions) == ("worker", "Lock", 5)


async def test_quiet_sessions_are_no_problem(small_pg, client):
    """Idle ones wait for their client."""
    for _ in range(6):
        await client("idle")
    found = await until(lambda: session_activity(small_pg), lambda f: sum(r.sessions for r in f if r.application_name == "idle") == 6)
    assert found.status == Status.OK


async def test_a_role_without_rights_cannot_tell(blind_pg):
    """What other roles' sessions do is hidden: UNKNOWN, with the GRANT."""
    checks = (sessions_idle_in_transaction, long_running_statements, long_transactions, session_activity)
    found = [await check(blind_pg) for check in checks]
    assert [(f.status, "GRANT pg_monitor" in f.remedy) for f in found] == [(Status.UNKNOWN, True)] * 4
