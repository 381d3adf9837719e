"""client_exhaustion: who holds what, judged without a server and found on a real one; its fixes re-check whom they close."""

import asyncio

import pytest
import redis.asyncio

from helpers import redis as members
from helpers.errors import FixFailed, ParameterError, Refused
from helpers.redis.checks.client_exhaustion import judge
from helpers.redis.clients import grouped
from helpers.redis.connect import open_session, translate
from helpers.redis.deltas import Delta, Reading, subtract
from helpers.redis.fixes.kill_clients import KillClients
from helpers.redis.fixes.resize_client_pool import ResizeClientPool
from helpers.redis.fixes.set_timeout import SetTimeout
from helpers.redis.replies import parse_clients

INFO = {
    "run_id": "a", "redis_version": "8", "total_commands_processed": 100, "used_memory": 100, "maxmemory": 1000, "mem_clients_normal": 10,
    "connected_clients": 95, "maxclients": 100, "rejected_connections": 0,
}  # fmt: skip


def delta(**later) -> Delta:
    return subtract(Reading(0.0, INFO), Reading(3.0, {**INFO, "total_commands_processed": 200, **later}))


def client(
    number: int, name: str = "app", *, idle: int = 0, flags: str = "N", age: int = 400, memory: int = 2000, cmd: str = "get", addr: str = ""
) -> str:
    addr = addr or f"10.0.0.{number % 3}:{9000 + number}"
    return f"id={number} addr={addr} name={name} age={age} idle={idle} flags={flags} tot-mem={memory} omem=0 qbuf=0 cmd={cmd}"


def clients(*lines: str):
    return parse_clients("\n".join(lines).encode())


OTHERS = [client(n, "web") for n in range(500, 510)]
LEAKED = [client(n, idle=400) for n in range(80)]


@pytest.mark.parametrize(
    ("lines", "later", "wanted"),
    [
        ([*LEAKED, *OTHERS], {}, ("client_exhaustion", "app", "kill_clients")),
        ([client(n, idle=400, age=400 + 60 * n) for n in range(80)], {}, ("client_exhaustion", "app", "set_timeout")),
        ([client(n, f"celery@w-{n}", flags="b", cmd="brpop", idle=2) for n in range(80)], {}, ("client_exhaustion", "celery@w-{id}", "kill_clients")),
        ([client(n, idle=5) for n in range(80)], {}, ("client_exhaustion", "app", "resize_client_pool")),
        ([client(n, "", idle=400, addr=f"10.1.1.1:{n}") for n in range(80)], {}, ("client_exhaustion", "10.1.1.1", "kill_clients")),
        ([client(n, f"app{n % 7}x", idle=400) for n in range(80)], {}, (None, "", "")),
        ([client(n, "a" if n % 2 else "b", idle=400) for n in range(80)], {}, (None, "", "")),
        ([], {}, (None, "", "")),
        (LEAKED, {"errorstat_MISCONF": "count=3"}, ("persistence_or_replication", "MISCONF", "")),
        (LEAKED, {"errorstat_OOM": "count=3"}, ("memory_full", "OOM", "")),
        ([client(n, f"s{n}a", flags="P", memory=450) for n in (1, 2)], {"mem_clients_normal": 900, "errorstat_OOM": "count=3"}, (None, "", "")),
        ([client(1, "sub", flags="P", memory=850)], {"mem_clients_normal": 900, "errorstat_OOM": "count=3"}, ("client_exhaustion", "sub", "kill_clients")),
        (LEAKED, {"maxclients": 0}, (None, "", "")),
        (LEAKED, {"maxclients": 10_000}, (None, "", "")),
    ],
)  # fmt: skip
def test_the_holder_is_named_only_when_it_has_most(lines, later, wanted):
    """By name with its numbers folded, by address without one; with the fix that fits what it does."""
    said = judge(delta(**later), clients(*lines), {}, idle_s=300, full_pct=80)
    assert (said.code, said.subject, said.fix) == wanted, said.summary


@pytest.mark.parametrize(
    ("later", "status"),
    [({"maxclients": 10_000}, "OK"), ({"maxclients": 10_000, "rejected_connections": 4}, "PROBLEM"), ({"maxclients": 0}, "UNKNOWN")],
)
def test_room_is_ok_and_an_unknown_limit_is_unknown(later, status):
    """Rejections count even when there is room by now."""
    assert judge(delta(**later), clients(*LEAKED), {}, idle_s=300, full_pct=80).status == status


def test_a_closed_info_is_unknown():
    """With what is missing."""
    dark = Reading(0.0, {"run_id": "a"}, missing={"INFO memory": "no permissions"})
    assert judge(subtract(dark, dark), clients(*LEAKED), {}, idle_s=300, full_pct=80).status == "UNKNOWN"


def test_a_heavy_reader_is_closed_and_its_light_sisters_are_not():
    """Only those above the average of their group."""
    lines = [client(n, "export", memory=10) for n in range(10)] + [client(99, "export", memory=890)]
    said = judge(delta(mem_clients_normal=900), clients(*lines), {}, idle_s=300, full_pct=80)
    assert [c["id"] for c in said.target["clients"]] == [99]


def test_groups_are_ordered_and_count_everybody_once():
    """What a client does is part of its group."""
    rows = grouped(clients(*LEAKED, client(200), client(201, flags="b")), idle_s=300)
    assert [(g.who, g.doing, g.clients) for g in rows] == [("app", "idle", 80), ("app", "blocked", 1), ("app", "busy", 1)]


def test_a_refused_connection_says_what_frees_a_slot():
    """No administrator's slot is promised."""
    said = translate(redis.exceptions.ConnectionError("max number of clients reached"))
    assert ("Every client slot is taken" in said.reason, "stop one instance" in said.remedy) == (True, True)


async def test_the_runbook_waits_for_a_slot(own_redis, admin):
    """One that comes free within seconds is taken."""
    await admin.config_set("maxclients", 1)

    async def free() -> None:
        await asyncio.sleep(0.6)
        await admin.config_set("maxclients", 100)

    task = asyncio.create_task(free())
    opened = await open_session(own_redis.redis_url, application_name="runbook:test")
    said = await opened.ping()
    await opened.close()
    await task
    assert "Redis" in said


@pytest.fixture
async def idle_client(own_redis):
    """A connection of an application that asked once."""
    async with redis.asyncio.Redis.from_url(own_redis.redis_url, client_name="left-behind", single_connection_client=True) as client:
        await client.ping()
        yield client


async def chosen(admin, **changes):
    found = next(c for c in await admin.client_list() if c["name"] == "left-behind")
    return {"id": int(found["id"]), "name": found["name"], "addr": found["addr"], "buffers_bytes": float(found["tot-mem"]), **changes}


async def test_a_client_is_closed_and_the_preview_closes_nobody(admin, session, writer, idle_client):
    """Then the fix has nothing more to do, and there is no undo."""
    fix = KillClients("left-behind", [await chosen(admin)], "idle", 0.0)
    preview = await fix.preview(session)
    assert await chosen(admin)
    await fix.apply(writer, preview)
    left = [c for c in await admin.client_list() if c["name"] == "left-behind"]
    again = await fix.preview(session)
    assert (left, again.needed, "none holds" in await fix.read_back(session)) == ([], False, True)
    with pytest.raises(FixFailed):
        await fix.undo(writer, preview.inverse)


@pytest.mark.parametrize("changes", [{"name": "another"}, {"addr": "10.9.9.9:1"}])
async def test_another_client_than_the_one_chosen_stays(admin, session, writer, idle_client, changes):
    """Name and address are looked at again."""
    fix = KillClients("left-behind", [await chosen(admin, **changes)], "idle", 0.0)
    preview = await fix.preview(session)
    await fix.apply(writer, preview)
    assert (preview.needed, bool(await chosen(admin))) == (False, True)


@pytest.mark.parametrize(("doing", "idle_s", "held"), [("idle", 60.0, 2000.0), ("blocked", 0.0, 2000.0), ("busy", 0.0, 1e9)])
async def test_a_client_that_works_again_stays(admin, session, writer, idle_client, doing, idle_s, held):
    """Not idle, not blocked, not heavy any more."""
    fix = KillClients("left-behind", [await chosen(admin, buffers_bytes=held)], doing, idle_s)
    preview = await fix.preview(session)
    await fix.apply(writer, preview)
    assert (preview.needed, bool(await chosen(admin))) == (False, True)


async def test_bad_targets_are_refused(session):
    """None, too many, and a time-out of zero, which means never."""
    for bad in (KillClients("x", [], "idle", 1.0), KillClients("x", [{"id": 1}] * 1001, "idle", 1.0), SetTimeout(0)):
        with pytest.raises(ParameterError):
            await bad.preview(session)


async def test_timeout_says_whom_it_closes_and_is_undone(admin, session, writer, idle_client):
    """A shorter one is left as it is."""
    preview = await SetTimeout(3600).preview(session)
    await SetTimeout(3600).apply(writer, preview)
    said = (await SetTimeout(3600).read_back(session), (await SetTimeout(7200).preview(session)).needed)
    for _ in range(2):
        await SetTimeout(3600).undo(writer, preview.inverse)
    assert (said, (await admin.config_get("timeout"))["timeout"]) == (("timeout is 3600.", False), "0")
    assert any("nobody" in effect for effect in preview.effects)


async def test_a_bounded_pool_is_proposed(session):
    """And maxclients is not raised."""
    preview = await ResizeClientPool("web", 90, 100).preview(session)
    assert ("max_connections=40" in preview.statements[0], ResizeClientPool.applicable) == (True, False)


async def test_a_quiet_server_has_room(session):
    """The check on a real one, and its view."""
    assert ((await members.client_exhaustion(session, watch_s=0.2)).status, (await members.clients_by_name(session)).status) == ("OK", "OK")


async def test_without_client_list_it_is_refused_and_not_ok(own_redis, admin):
    """The loop makes UNKNOWN of it."""
    await admin.execute_command(
        *["ACL", "SETUSER", "dim", "reset", "on", ">pw", "~*", "-@all", "+ping", "+info", "+config|get", "+slowlog|get", "+client|setname"]
    )
    url = own_redis.redis_url.replace(own_redis.redis_url.split("@")[0], "redis://dim:pw")
    dim = await open_session(url, application_name="runbook:test")
    with pytest.raises(Refused):
        await members.client_exhaustion(dim, watch_s=0.1)
    await dim.close()


async def test_client_pressure_is_the_higher_of_slots_and_buffers(own_redis, admin, session):
    """Half of the slots; then few slots, and a memory that is small beside the buffers."""
    quick = members.client_pressure(window_s=0.4, every_s=0.2)
    taken = (await admin.info("clients"))["connected_clients"]
    await admin.config_set("maxclients", 2 * taken)
    slots = [sample.value for sample in await quick.measure({"redis": session})]
    await admin.config_set("maxclients", 1000)
    held = (await admin.info("memory"))["mem_clients_normal"]
    await admin.config_set("maxmemory", 2 * held)
    buffers = [sample.value for sample in await quick.measure({"redis": session})]
    assert (slots, all(value > 20 for value in buffers)) == ([50.0, 50.0], True)
