"""Who takes up the connections: the judge with made-up looks, the check, the probe and the fixes on a real server."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.connection_exhaustion import connection_exhaustion, judge
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.end_idle_sessions import EndIdleSessions
from helpers.postgres.fixes.limit_role_connections import LimitRoleConnections
from helpers.postgres.limits import ConnectionLimit, read_limits
from helpers.postgres.probes.connections_taken import ConnectionsTaken
from helpers.postgres.sessions import ClientSession, Look
from helpers.postgres.write import PostgresWriter
from helpers.results import Status
from tests.postgres.conftest import at

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = {"sees_everyone": True, "max_used_pct": 90.0, "longest_idle_s": 60.0}


def session(pid, name="mailer", state="idle", in_state_s=300.0, **given):
    values = {"usename": "app", "datname": "shop", "client_addr": "10.0.0.1", "in_transaction_s": 0.0, "waits_for_lock": False}
    return ClientSession(pid, START, name, state=state, in_state_s=in_state_s, query="", **{**values, "may_end": True, **given})


def some(count, first=1, **given):
    return [session(pid, **given) for pid in range(first, first + count)]


def looks(*sessions, allowed=100, kind="server", name=""):
    """Three looks: the same sessions each time, or one list for each."""
    each = list(sessions) * 3 if len(sessions) == 1 else list(sessions)
    return [Look([ConnectionLimit(kind, name, len(s), allowed)], s) for s in each]


def test_idle_sessions_of_one_application_are_a_leak():
    """Those that lose nothing go first, the longest idle first, and no more than the headroom asks for."""
    left = [*some(10, state="idle in transaction", in_state_s=900.0), *some(60, first=11, in_state_s=70.0), *some(2, first=71)]
    found = judge(looks([*left, *some(23, first=100, name="api", state="active", in_state_s=0.1)]), **SETTINGS)
    assert (found.status, found.code, found.subject, found.fix) == (
        Status.PROBLEM, "connection_exhaustion", "mailer (leak)", "end_idle_sessions",
    )  # fmt: skip
    assert [s["pid"] for s in found.target["sessions"]] == [71, 72, *range(11, 24)]


def test_a_session_this_role_may_not_end_is_no_target():
    """A superuser's."""
    found = judge(looks([*some(50), *some(45, first=51, may_end=False)]), **SETTINGS)
    assert {s["pid"] for s in found.target["sessions"]} <= set(range(1, 51))


def test_sessions_replaced_within_seconds_are_a_fan_out():
    """The role is limited to what leaves the headroom."""
    seen = [some(95, first=1 + 40 * number, name="lambda", in_state_s=1.0) for number in range(3)]
    found = judge(looks(*seen), **SETTINGS)
    assert (found.subject, found.fix, found.target) == (
        "lambda (fan-out)", "limit_role_connections", {"role": "app", "connection_limit": 80},
    )  # fmt: skip


def test_a_dip_in_the_last_look_is_not_room():
    """Sessions that come and go are 97, 96 and 89; what was full is judged."""
    seen = [some(count, first=1 + 40 * number, name="lambda", in_state_s=1.0) for number, count in enumerate((97, 96, 89))]
    assert judge(looks(*seen), **SETTINGS).subject == "lambda (fan-out)"


def test_very_many_hosts_are_a_fan_out_even_when_idle():
    """Each instance keeps its own pool; ending what is idle helps at once."""
    seen = [session(pid, name="lambda", client_addr=f"10.0.{pid // 2}.1") for pid in range(95)]
    found = judge(looks(seen), **SETTINGS)
    assert (found.subject, found.fix, len(found.target["sessions"])) == ("lambda (fan-out)", "end_idle_sessions", 15)


def test_a_role_at_its_own_limit_is_not_limited_further():
    """It leaves the others alone already: another run must not tighten what the last one set."""
    seen = [some(20, first=1 + 10 * number, name="lambda", in_state_s=1.0) for number in range(3)]
    found = judge(looks(*seen, allowed=20, kind="role", name="app"), **SETTINGS)
    assert (found.subject, found.target["connection_limit"]) == ("lambda (fan-out)", 20)


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ([some(50)] * 3, Status.OK),
        ([some(50), some(95), some(95)], Status.OK),  # a peak
        ([some(95), some(95), some(50)], Status.OK),
        ([some(95, in_state_s=5.0)] * 3, Status.UNKNOWN),  # idle for a moment: a pool at work
        ([some(95, state="active", in_state_s=1.0)] * 3, Status.UNKNOWN),  # slow statements, or too few connections
        ([[session(pid, name=f"service {pid % 10}") for pid in range(95)]] * 3, Status.UNKNOWN),  # ten pools too many
        ([some(95, state="active", waits_for_lock=True)] * 3, Status.UNKNOWN),  # behind a lock
    ],
    ids=["room", "peak", "past", "pool", "busy", "many pools", "waiting"],
)
def test_what_is_no_leak_is_not_named_one(seen, status):
    """Room, or nobody alone to blame: no cause."""
    found = judge(looks(*seen), **SETTINGS)
    assert (found.status, found.code) == (status, None), found.summary


def test_without_rights_it_is_unknown():
    """The number is known, who works is not."""
    found = judge(looks(some(95, state="")), **{**SETTINGS, "sees_everyone": False})
    assert (found.status, "pg_monitor" in found.summary, "95 of 100" in found.summary) == (Status.UNKNOWN, True, True)


@pytest.fixture
async def crowded(own_database):
    """A database with a limit of 20, and 19 sessions of one application idle in it."""
    admin = await asyncpg.connect(at(own_database, database="postgres"))
    name = own_database.rpartition("/")[2]
    await admin.execute(f"alter database {name} connection limit 20")
    clients = [
        await asyncpg.connect(own_database, server_settings={"application_name": "Odd 'name"}, statement_cache_size=0) for _ in range(19)
    ]
    yield clients
    for client in clients:
        client.terminate()
    await admin.close()


async def judged(pg, holds):
    """Poll the check until `holds`: sessions need a moment to have been idle."""
    async with asyncio.timeout(20):
        while True:
            found = await connection_exhaustion(pg, longest_idle_s=0.3, pause_s=0.1)
            if holds(found):
                return found


async def test_it_is_found_on_a_real_server_and_given_back(own_database, own_pg, crowded):
    """The limit of the database is the full one; sessions that work again meanwhile are left alone."""
    found = await judged(own_pg, lambda d: d.status == Status.PROBLEM)
    assert (found.subject, found.facts["limit"].startswith("19 of 20")) == ("Odd 'name (leak)", True)
    fix = EndIdleSessions(**found.target)
    preview = await fix.preview(own_pg)
    works = asyncio.ensure_future(
        next(c for c in crowded if c.get_server_pid() == fix.sessions[0]["pid"]).fetchval("select pg_sleep(1)::text")
    )
    writer = await PostgresWriter.connect(own_database, application_name="runbook:test")
    try:
        async with asyncio.timeout(10):
            while (await own_pg.value("select state from pg_stat_activity where pid = $1", fix.sessions[0]["pid"])) != "active":
                await asyncio.sleep(0.02)
        await fix.apply(writer, preview)
    finally:
        await writer.close()
    left = next(limit for limit in await read_limits(own_pg) if limit.kind == "database")
    assert (len(preview.statements), left.used, await works) == (3, 17, "")  # 16 would leave a fifth, but one of the three works


async def test_nothing_to_end_is_no_change(own_pg, own_database):
    """Sessions that are gone, or a target that names none."""
    gone = EndIdleSessions("mailer", [{"pid": 1, "backend_start": START.isoformat()}])
    assert not (await gone.preview(own_pg)).needed
    with pytest.raises(FixFailed, match="pg_signal_backend"):
        await EndIdleSessions("mailer", []).preview(own_pg)
    with pytest.raises(ParameterError):
        await EndIdleSessions("mailer", [{"pid": 1, "backend_start": "yesterday"}]).preview(own_pg)
    with pytest.raises(FixFailed):
        await gone.undo(None, {})


async def test_a_healthy_server_has_room(sandbox_server):
    """And is asked as a role without rights, too: the numbers are whole."""
    pg = await Postgres.connect(sandbox_server.postgres_dsn, application_name="runbook:test")
    samples = await ConnectionsTaken(window_s=0.4, every_s=0.1).measure({"postgres": pg})
    found = await connection_exhaustion(pg, looks=1)
    await pg.close()
    assert (found.status, len(samples), all(0 <= s.value < 90 for s in samples)) == (Status.OK, 4, True)


async def test_the_probe_stays_with_the_limit_it_began_with(own_database, own_pg, crowded):
    """A limit that is set between two measurements is not measured instead."""
    probe = ConnectionsTaken(window_s=0.2, every_s=0.1)
    before = await probe.look(own_pg)
    for client in crowded[:9]:
        await client.close()
    async with asyncio.timeout(10):
        while (after := await probe.look(own_pg)) > 60:
            await asyncio.sleep(0.05)
    assert (before, after) == (95.0, 50.0)


@pytest.fixture
async def role(own_database):
    """A role that may log in, dropped afterwards, and an administrator of roles."""
    admin = await asyncpg.connect(own_database)
    await admin.execute("""create role "Odd Role" login password 'secret-odd'""")
    yield "Odd Role"
    await admin.execute("""drop role "Odd Role" """)
    await admin.close()


async def test_a_role_is_limited_and_let_go_again(own_database, own_pg, role):
    """Changed, told, idempotent; what somebody else set since stays."""
    fix = LimitRoleConnections(role, 7)
    preview = await fix.preview(own_pg)
    writer = await PostgresWriter.connect(own_database, application_name="runbook:test")
    try:
        await fix.apply(writer, preview)
        said = await fix.read_back(own_pg)
        again = await fix.preview(own_pg)
        for _ in range(2):
            await fix.undo(writer, preview.inverse)
        undone = await own_pg.value("select rolconnlimit from pg_roles where rolname = $1", role)
        await writer.execute('alter role "Odd Role" connection limit 3')
        await fix.undo(writer, preview.inverse)
        kept = await own_pg.value("select rolconnlimit from pg_roles where rolname = $1", role)
    finally:
        await writer.close()
    assert (list(preview.statements), list(preview.undo_statements)) == (
        ['ALTER ROLE "Odd Role" CONNECTION LIMIT 7'], ['ALTER ROLE "Odd Role" CONNECTION LIMIT -1'],
    )  # fmt: skip
    assert ("at most 7" in said, again.needed, undone, kept) == (True, False, -1, 3)


async def test_a_role_that_may_not_is_told_so(sandbox_server, own_pg, role):
    """With the statement to run by hand; impossible limits and roles are refused."""
    pg = await Postgres.connect(sandbox_server.postgres_dsn, application_name="runbook:test")
    try:
        with pytest.raises(FixFailed, match="CREATEROLE"):
            await LimitRoleConnections(role, 7).preview(pg)
    finally:
        await pg.close()
    for name, limit in ((role, 0), ("absent", 5), ("postgres", 5)):
        with pytest.raises(ParameterError):
            await LimitRoleConnections(name, limit).preview(own_pg)
