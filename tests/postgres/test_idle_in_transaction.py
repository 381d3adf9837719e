"""Sessions left open in a transaction: the judge with made-up looks, the check, the probe and the fixes on a real server."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.idle_in_transaction import idle_in_transaction, judge
from helpers.postgres.checks.lock_tree import LockRow
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.end_idle_transactions import EndIdleTransactions
from helpers.postgres.fixes.set_idle_timeout import SetIdleTimeout
from helpers.postgres.probes.idle_transactions import IdleTransactions
from helpers.postgres.sessions import ClientSession, Look
from helpers.postgres.write import PostgresWriter
from helpers.results import Diagnosis, Status
from tests.postgres.conftest import at

START = datetime(2026, 1, 1, tzinfo=UTC)
IDLE = "idle in transaction"
SETTINGS = {"sees_everyone": True, "longest_idle_s": 60.0}
VALUES = "select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where d.datname = current_database()"


def session(pid, name="mailer", state=IDLE, in_state_s=300.0, **given):
    values = {"usename": "app", "datname": "shop", "client_addr": "10.0.0.1", "in_transaction_s": 301.0, "waits_for_lock": False}
    return ClientSession(pid, START, name, state=state, in_state_s=in_state_s, query="select 1", may_end=True, **{**values, **given})


def looks(*sessions):
    each = list(sessions) * 3 if len(sessions) == 1 else list(sessions)
    return [Look([], s) for s in each]


def waits(pid, blocked_by, mode="ShareLock", locktype="transactionid", query="update orders set n = 1"):
    return LockRow(
        pid, blocked_by, "checkout", "active", 5.0, 5.0, 5.0, "Lock", locktype, locktype if blocked_by else None, mode if blocked_by else None,
        "orders", "app", "shop", None, "client backend", START, query,
    )  # fmt: skip


def test_the_application_with_most_of_them_is_named():
    """Of all that are idle that long, an aborted transaction included; the other one is told as well."""
    seen = [
        session(1, in_state_s=900.0),
        session(2, "crm"),
        session(3, "crm", state=f"{IDLE} (aborted)"),
        session(4, "api", state="active"),
    ]
    found = judge(looks(seen), **SETTINGS)
    assert (found.status, found.code, found.subject, found.fix) == (Status.PROBLEM, "idle_in_transaction", "crm", "end_idle_transactions")
    assert ([s["pid"] for s in found.target["sessions"]], found.against) == (
        [2, 3],
        ["mailer leaves 1 session open, too."],
    )


def test_an_empty_name_is_said_to_be_none():
    """`no application_name`."""
    assert judge(looks([session(1, "")]), **SETTINGS).subject == "no application_name"


@pytest.mark.parametrize(
    "seen",
    [
        looks([]),
        looks([session(1, in_state_s=5.0)]),
        looks([session(1, state="active")]),
        looks([session(1, state="idle")]),
        looks([], [], [session(1, in_state_s=61.0)]),  # seen once only
    ],
    ids=["nobody", "short", "active", "idle", "once"],
)
def test_short_transactions_and_work_do_not_count(seen):
    """However many there are."""
    assert judge(seen, **SETTINGS).status == Status.OK


def test_sessions_that_join_within_the_looks_keep_coming():
    """They were idle for less in the first look, beside two that stood; one alone that gets there is no stream."""
    several, alone = (
        looks(*([*(session(n) for n in stood), session(9, in_state_s=59.0 + look)] for look in range(3))) for stood in ((1, 2), (1,))
    )
    assert [judge(seen, **SETTINGS).facts["joined"] for seen in (several, alone)] == [1, 0]


@pytest.mark.parametrize(
    ("queue", "code"),
    [
        ([waits(1, []), waits(9, [1])], "lock_contention"),
        (
            [
                waits(1, []),
                waits(8, [1], "AccessExclusiveLock", "relation", "alter table orders add x int"),
                waits(9, [8], "RowShareLock", "relation"),
            ],
            "ddl_lock_queue",
        ),
        ([waits(7, []), waits(9, [7])], "idle_in_transaction"),  # behind somebody else
    ],
    ids=["row", "ddl", "another head"],
)
def test_whoever_waits_behind_it_comes_first(queue, code):
    """The queue's own failure mode."""
    assert judge(looks([session(1)]), queue=queue, **SETTINGS).code == code


def test_dead_rows_that_it_keeps_come_first():
    """vacuum_blocked, by the holder's name; another session's are another matter."""
    found = judge(looks([session(1)]), holding={1: ["orders"]}, **SETTINGS)
    other = judge(looks([session(1)]), holding={2: ["orders"]}, **SETTINGS)
    assert (found.code, found.subject, other.code) == ("vacuum_blocked", "pid 1 (mailer)", "idle_in_transaction")


def test_used_up_connections_come_first():
    """As connection_exhaustion says, if it names a cause."""
    full = Diagnosis(Status.PROBLEM, "connection_exhaustion", "mailer (leak)", "full")
    unsure = Diagnosis(Status.UNKNOWN, summary="full")
    codes = [judge(looks([session(1)]), full=one, **SETTINGS).code for one in (full, unsure)]
    assert codes == ["connection_exhaustion", "idle_in_transaction"]


@pytest.fixture
async def forgetful(own_database):
    """A session that opened a transaction and left it."""
    client = await asyncpg.connect(own_database, server_settings={"application_name": "Odd 'name"})
    await client.execute("begin; create table t (n int)")
    yield client
    client.terminate()


async def judged(pg):
    async with asyncio.timeout(20):
        while (found := await idle_in_transaction(pg, longest_idle_s=0.3, pause_s=0.1)).status != Status.PROBLEM:
            continue
    return found


async def test_it_is_found_on_a_real_server_and_ended(own_database, own_pg, forgetful):
    """Measured, named, ended; a dry run ends nobody, and a second time there is nothing to do."""
    found = await judged(own_pg)
    fix = EndIdleTransactions(**found.target)
    preview = await fix.preview(own_pg)
    before = [s.value for s in await IdleTransactions(window_s=0.2, every_s=0.1).measure({"postgres": own_pg})]
    alive = await forgetful.fetchval("select 1")
    async with asyncio.timeout(10):
        while not (await fix.preview(own_pg)).needed:
            await asyncio.sleep(0.05)
    writer = await PostgresWriter.connect(own_database, application_name="runbook:test")
    try:
        await fix.apply(writer, preview)
    finally:
        await writer.close()
    said, again = await fix.read_back(own_pg), await fix.preview(own_pg)
    assert (found.subject, min(before) > 0.3, alive, "Of 1 session of" in said, again.needed) == ("Odd 'name", True, 1, True, False)


async def test_a_session_that_works_again_is_left_alone(own_database, own_pg, forgetful):
    """Between the preview and the change it committed."""
    fix = EndIdleTransactions(**(await judged(own_pg)).target)
    preview = await fix.preview(own_pg)
    await forgetful.execute("commit")
    writer = await PostgresWriter.connect(own_database, application_name="runbook:test")
    try:
        await fix.apply(writer, preview)
    finally:
        await writer.close()
    assert (preview.needed, await forgetful.fetchval("select 2")) == (True, 2)


async def test_bad_targets_are_refused(own_pg):
    """No session it may end, a session that names none, a time-out of nothing; and an ended one cannot be brought back."""
    with pytest.raises(FixFailed, match="pg_signal_backend"):
        await EndIdleTransactions("mailer").preview(own_pg)
    with pytest.raises(ParameterError):
        await EndIdleTransactions("mailer", [{"pid": "x"}]).preview(own_pg)
    with pytest.raises(ParameterError):
        await SetIdleTimeout("mailer", "app", "shop", 0).preview(own_pg)
    with pytest.raises(FixFailed):
        await EndIdleTransactions("mailer").undo(None, {})


async def test_a_blind_role_is_told_so(own_database):
    """Without pg_monitor the state is hidden: UNKNOWN, never OK."""
    admin = await asyncpg.connect(own_database)
    await admin.execute("create role blind_idle login password 'secret-blind'")
    pg = await Postgres.connect(at(own_database, user="blind_idle", password="secret-blind"), application_name="runbook:test")
    found = await idle_in_transaction(pg, looks=1)
    await pg.close()
    await admin.execute("drop role blind_idle")
    await admin.close()
    assert (found.status, "pg_monitor" in found.summary) == (Status.UNKNOWN, True)


@pytest.fixture
async def owner(own_database):
    """A role that owns the database and administers no other role."""
    admin = await asyncpg.connect(own_database)
    name = own_database.rpartition("/")[2]
    await admin.execute("create role db_owner login password 'secret-owner'")
    await admin.execute(f"alter database {name} owner to db_owner; grant pg_monitor, pg_signal_backend to db_owner")
    yield at(own_database, user="db_owner", password="secret-owner")
    await admin.execute(f"alter database {name} owner to postgres; drop role db_owner")
    await admin.close()


@pytest.mark.parametrize("old", [None, "5min"])
async def test_a_bound_is_set_where_it_may_be_and_taken_back(own_database, own_pg, owner, old):
    """For the database, since that role is not its to alter; the old value returns, twice is once."""
    name = own_database.rpartition("/")[2]
    writer = await PostgresWriter.connect(owner, application_name="runbook:test")
    pg = await Postgres.connect(owner, application_name="runbook:test")
    try:
        if old:
            await writer.execute(f"alter database {name} set idle_in_transaction_session_timeout = '{old}'")
        before = await own_pg.value(VALUES)
        fix = SetIdleTimeout("mailer", "postgres", name, 1500)
        preview = await fix.preview(pg)
        dry = await own_pg.value(VALUES)
        await fix.apply(writer, preview)
        said, changed = await fix.read_back(pg), await own_pg.value(VALUES)
        again = await fix.preview(pg)
        for _ in range(2):
            await fix.undo(writer, preview.inverse)
        after = await own_pg.value(VALUES)
    finally:
        await pg.close()
        await writer.close()
    assert (dry, changed, after) == (before, ["idle_in_transaction_session_timeout=1500ms"], before)
    assert (f"1500ms for the database {name}" in said, again.needed, preview.inverse["kind"]) == (True, False, "database")


async def test_a_role_that_may_alter_nothing_is_told_so(own_database, owner):
    """With the statement to run by hand."""
    pg = await Postgres.connect(owner, application_name="runbook:test")
    try:
        with pytest.raises(FixFailed, match="ALTER ROLE postgres SET idle_in_transaction_session_timeout"):
            await SetIdleTimeout("mailer", "postgres", "template1", 1500).preview(pg)
    finally:
        await pg.close()
