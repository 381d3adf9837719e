"""What keeps dead rows: the judgement, and each fix on a real server of odd names."""

import dataclasses
import datetime

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.horizon_holders import horizon_holders
from helpers.postgres.checks.vacuum_blocked import Autovacuum, judge, vacuum_blocked
from helpers.postgres.connect import Postgres
from helpers.postgres.dead_tables import DeadTable, read_dead_tables
from helpers.postgres.fixes.drop_replication_slot import DropReplicationSlot
from helpers.postgres.fixes.end_and_vacuum import EndAndVacuum
from helpers.postgres.fixes.reset_autovacuum import ResetAutovacuum
from helpers.postgres.fixes.rollback_prepared import RollbackPrepared
from helpers.postgres.fixes.vacuum_table import VacuumTable
from helpers.postgres.horizon import Holder
from helpers.postgres.probes.dead_row_share import DeadRowShare
from helpers.postgres.write import PostgresWriter
from tests.postgres.conftest import at
from tests.postgres.test_horizon import MAKE, TABLE, connect, killed, snapshot

THEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
HEAP = DeadTable(
    "t", 1, rows=1e5, dead_rows=90_000, own_trigger=20_050.0, usual_trigger=20_050.0, options=[], enabled=True,
    vacuumed_at=THEN, being_vacuumed=False, may_vacuum=True,
)  # fmt: skip
OPEN = Holder(
    "session", "app", 42, "777", 900, since=THEN - HOUR, held_s=3600.0, active=False, state="idle in transaction",
    backend_type="client backend", backend_start=THEN - HOUR, usename="app", may_end=True,
)  # fmt: skip
SERVER = Autovacuum(on=True, counts=True, naptime_s=60.0, workers=3, busy=0)
SNAPSHOT = "begin isolation level repeatable read; select 1 from pg_class"


def changed(thing, **changes):
    return dataclasses.replace(thing, **changes)


def judged(table=HEAP, holder=OPEN, server=SERVER, *, looks=None, **more):
    given = {"table": "", "limit_pct": 200.0, "sees_everyone": True, **more}
    return judge([table], looks or [[holder] if holder else []] * 3, server, **given)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (judged(), ("PROBLEM", "pid 42 (app)", "end_and_vacuum")),
        (judged(holder=changed(OPEN, kind="prepared", name="gid's", pid=None)), ("PROBLEM", "prepared transaction 'gid's'", "rollback_prepared")),
        (judged(holder=changed(OPEN, kind="slot", name="old", since=None, held_s=None)), ("PROBLEM", "replication slot old", "drop_replication_slot")),
        (judged(holder=changed(OPEN, kind="slot", name="read", since=None, active=True)), ("UNKNOWN", "", "")),
        (judged(holder=changed(OPEN, kind="standby")), ("UNKNOWN", "", "")),
        (judged(holder=changed(OPEN, backend_type="autovacuum worker")), ("UNKNOWN", "", "")),
        (judged(holder=changed(OPEN, active=True, held_s=20.0)), ("UNKNOWN", "", "")),
        (judged(holder=changed(OPEN, active=True)), ("PROBLEM", "pid 42 (app)", "end_and_vacuum")),
        (judged(holder=changed(OPEN, since=THEN + HOUR)), ("UNKNOWN", "", "")),
        (judged(looks=[[changed(OPEN, xmin="1")], [OPEN]]), ("UNKNOWN", "", "")),
        (judged(changed(HEAP, dead_rows=30_000)), ("OK", "", "")),
        (judged(changed(HEAP, enabled=False, options=["autovacuum_enabled=off"]), None), ("PROBLEM", "t", "reset_autovacuum")),
        (judged(changed(HEAP, own_trigger=1e9, options=["autovacuum_vacuum_threshold=1000000000"]), None), ("PROBLEM", "t", "reset_autovacuum")),
        (judged(changed(HEAP, own_trigger=21_000.0, options=["autovacuum_vacuum_threshold=1000"]), None), ("UNKNOWN", "", "")),
        (judged(holder=None, server=changed(SERVER, on=False)), ("PROBLEM", "t", "vacuum_table")),
        (judged(holder=None, server=changed(SERVER, busy=3)), ("PROBLEM", "t", "vacuum_table")),
        (judged(changed(HEAP, being_vacuumed=True), None), ("UNKNOWN", "", "")),
        (judged(holder=None), ("UNKNOWN", "", "")),
        (judged(server=changed(SERVER, counts=False)), ("UNKNOWN", "", "")),
        (judged(sees_everyone=False), ("UNKNOWN", "", "")),
        (judged(table=HEAP, sees_everyone=True, limit_pct=500.0), ("OK", "", "")),
    ],
)  # fmt: skip
def test_the_judgement(found, wanted):
    """One thing is named only where it is shown to keep the rows; the rest needs time, or other eyes."""
    assert (found.status, found.subject, found.fix) == wanted
    assert found.code in (None, "vacuum_blocked")


def test_younger_holders_are_said_beside():
    """When the first has gone, the next may hold what died since it began."""
    found = judged(looks=[[OPEN, changed(OPEN, pid=43, xmin="778", age_xids=800)]] * 2)
    assert (found.subject, "pid 43 (app)" in found.against[0]) == ("pid 42 (app)", True)


@pytest.fixture
async def table(own_database) -> str:
    admin = await connect(own_database)
    await admin.execute(MAKE)
    await admin.close()
    return own_database


@pytest.fixture
async def writer(own_database):
    session = await PostgresWriter.connect(own_database, application_name="runbook:test")
    yield session
    await session.close()


async def options(dsn: str) -> list[str]:
    admin = await connect(dsn)
    found = await admin.fetchval("select reloptions from pg_class where oid = $1::text::regclass", TABLE)
    await admin.close()
    return found


async def test_the_session_is_named_ended_and_the_rows_go(table, own_pg, writer):
    """Its odd name is data; the same count then says none."""
    share = DeadRowShare(window_s=0.5, every_s=0.1)
    async with snapshot(table, SNAPSHOT) as pid:
        await killed(table)
        before = await share.measure({"postgres": own_pg})
        found = await vacuum_blocked(own_pg, looks=2, pause_s=0.1)
        fix = EndAndVacuum(**found.target)
        preview = await fix.preview(own_pg)
        await fix.apply(writer, preview)
    after = await share.measure({"postgres": own_pg})
    assert (found.subject, found.fix, share.table) == (f"pid {pid} (export's)", "end_and_vacuum", TABLE)
    assert preview.statements[-1] == f"VACUUM (TRUNCATE false) {TABLE};"
    assert ({s.value for s in before}, {s.value for s in after}) == ({240.0}, {0.0})
    assert "Dead rows now" in await fix.read_back(own_pg)
    with pytest.raises(FixFailed):
        await fix.undo(writer, {})


async def test_a_preview_ends_nobody(table, own_pg):
    """The session lives, the rows stay."""
    async with snapshot(table, SNAPSHOT) as pid:
        await killed(table)
        found = await vacuum_blocked(own_pg, looks=1)
        await EndAndVacuum(**found.target).preview(own_pg)
        assert ([h.pid for h in (await horizon_holders(own_pg)).rows], (await read_dead_tables(own_pg))[0].dead_rows) == ([pid], 12_000)


async def test_a_holder_that_is_gone_leaves_the_vacuum(table, own_pg, writer):
    """Nobody is signalled; a pid that was used again is not the one."""
    await killed(table, vacuum=False)
    fix = EndAndVacuum(1, THEN.isoformat(), [TABLE])
    preview = await fix.preview(own_pg)
    await fix.apply(writer, preview)
    assert (preview.statements, await read_dead_tables(own_pg)) == ([f"VACUUM (TRUNCATE false) {TABLE};"], [])


async def test_storage_parameters_are_reset_and_come_back_in_their_order(table, own_pg, writer):
    """Reset, vacuumed, undone twice; other parameters stay as they are."""
    admin = await connect(table)
    await admin.execute(
        f"alter table {TABLE} reset (autovacuum_enabled), set (autovacuum_enabled = off, fillfactor = 70); create index on {TABLE} (n)"
    )
    await admin.close()
    before = await options(table)
    await killed(table, vacuum=False)
    found = await vacuum_blocked(own_pg, looks=1)
    fix = ResetAutovacuum(**found.target)
    preview = await fix.preview(own_pg)
    await fix.apply(writer, preview)
    now = await options(table)
    assert (found.subject, now, await read_dead_tables(own_pg)) == (TABLE, ["fillfactor=70"], [])
    assert f"{TABLE} has no autovacuum_enabled any more." in await fix.read_back(own_pg)
    assert (await fix.preview(own_pg)).needed is False
    for _ in range(2):
        await fix.undo(writer, preview.inverse)
    assert (before, await options(table)) == (["autovacuum_enabled=off", "fillfactor=70"], before)
    with pytest.raises(FixFailed):
        await fix.read_back(own_pg)


async def test_what_is_no_autovacuum_parameter_is_refused(table, own_pg):
    """So is a table that is not there."""
    with pytest.raises(ParameterError):
        await ResetAutovacuum(TABLE, ["fillfactor"]).preview(own_pg)
    with pytest.raises(FixFailed):
        await ResetAutovacuum("nowhere", ["autovacuum_enabled"]).preview(own_pg)


async def test_a_prepared_transaction_is_rolled_back_and_only_that_one(table, own_pg, writer):
    """By its gid and the moment it was prepared; its quoting is the server's."""
    admin = await connect(table)
    await admin.execute("begin; create table half_done (id int); prepare transaction 'pay''s'")
    await admin.close()
    await killed(table)
    found = await vacuum_blocked(own_pg, looks=2, pause_s=0.1)
    fix = RollbackPrepared(**found.target)
    preview = await fix.preview(own_pg)
    await changed(fix, prepared=THEN.isoformat()).apply(writer, preview)
    assert (found.subject, preview.statements[0]) == ("prepared transaction 'pay's'", "ROLLBACK PREPARED 'pay''s';")
    with pytest.raises(FixFailed):
        await fix.read_back(own_pg)
    await fix.apply(writer, preview)
    assert "is gone" in await fix.read_back(own_pg)
    assert await read_dead_tables(own_pg) == []


async def test_autovacuum_off_for_the_server_is_a_vacuum_by_hand(table, own_pg, writer):
    """The statement and its cost come first; the rows go."""
    await killed(table, vacuum=False)
    fix = VacuumTable([TABLE], advice="Switch it on.")
    preview = await fix.preview(own_pg)
    await fix.apply(writer, preview)
    assert (preview.advice, await fix.read_back(own_pg)) == (["Switch it on."], f"Dead rows now: {TABLE} 0.")


async def test_a_role_that_may_not_vacuum_is_told_so(table, own_pg, sandbox_server):
    """The server would only warn, and change nothing."""
    admin = await connect(table)
    await admin.execute(
        "drop role if exists reader; create role reader login password 'reader-pass'; grant usage on schema \"Odd Schema\" to reader"
    )
    session = await Postgres.connect(at(table, user="reader", password="reader-pass"), application_name="runbook:test")
    with pytest.raises(FixFailed, match="may not VACUUM"):
        await VacuumTable([TABLE]).preview(session)
    await session.close()
    await admin.execute("drop owned by reader; drop role reader")
    await admin.close()


async def test_a_slot_is_only_proposed(table, own_pg, sandbox_server):
    """A script for a person; nothing to do for one that is not there."""
    admin = await asyncpg.connect(sandbox_server.admin_dsn)
    await admin.execute("select pg_create_physical_replication_slot('left_behind', true)")
    try:
        fix = DropReplicationSlot("left_behind", [TABLE])
        preview = await fix.preview(own_pg)
        assert (preview.statements[0], "owner agrees" in fix.patch(preview)) == ("SELECT pg_drop_replication_slot('left_behind');", True)
        assert (fix.applicable, (await DropReplicationSlot("none", [TABLE]).preview(own_pg)).needed) == (False, False)
    finally:
        await admin.execute("select pg_drop_replication_slot('left_behind')")
        await admin.close()


async def test_nothing_is_wrong_with_a_healthy_table(table, own_pg):
    """OK, and an old snapshot alone is no fault."""
    async with snapshot(table, SNAPSHOT):
        holders = await horizon_holders(own_pg)
        assert (holders.status, len(holders), (await vacuum_blocked(own_pg)).status) == ("OK", 1, "OK")
