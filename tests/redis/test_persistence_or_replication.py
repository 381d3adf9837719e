"""persistence_or_replication: conditions judged without a server and found on a real one; what its fixes do and leave."""

import pytest

from helpers import redis as members
from helpers.errors import BadAnswer, FixFailed, ParameterError
from helpers.redis.checks.persistence_or_replication import judge
from helpers.redis.conditions import standing
from helpers.redis.connect import open_session
from helpers.redis.deltas import Delta, Reading, subtract
from helpers.redis.fixes.repair_condition import STEPS, RepairCondition
from helpers.redis.fixes.retry_save import RetrySave
from helpers.redis.fixes.set_min_replicas_to_write import SetMinReplicasToWrite
from helpers.redis.fixes.set_stop_writes_on_bgsave_error import SetStopWritesOnBgsaveError
from helpers.redis.session import answered
from helpers.sandbox.services.redis_second import SecondRedis

INFO = {
    "run_id": "a", "redis_version": "8", "total_commands_processed": 100, "used_memory": 100, "role": "master", "connected_slaves": 0,
    "loading": 0, "rdb_last_bgsave_status": "ok", "rdb_changes_since_last_save": 7, "aof_enabled": 0, "latest_fork_usec": 900,
}  # fmt: skip
SET = {
    "stop-writes-on-bgsave-error": "yes",
    "save": "3600 1",
    "min-replicas-to-write": "0",
    "replica-serve-stale-data": "yes",
    "dir": "/data",
}
FAILED = {"rdb_last_bgsave_status": "err"}
LOST = {"min_slaves_good_slaves": 1, "connected_slaves": 1}
REPLICA = {"role": "slave", "master_host": "db-1", "master_port": 6379, "master_link_status": "up"}
CUT = {**REPLICA, "master_link_status": "down", "master_link_down_since_seconds": 12}


def delta(**later) -> Delta:
    return subtract(Reading(0.0, INFO), Reading(4.0, {**INFO, "total_commands_processed": 200, **later}))


def refused(prefix: str, count: int = 3) -> dict[str, str]:
    return {f"errorstat_{prefix}": f"count={count}"}


@pytest.mark.parametrize(
    ("later", "settings", "stop_gap", "wanted"),
    [
        ({}, {}, True, ("OK", "", "")),
        ({**FAILED, **refused("MISCONF")}, {}, True, ("PROBLEM", "MISCONF: the last background save failed", "set_stop_writes_on_bgsave_error")),
        (FAILED, {}, False, ("PROBLEM", "MISCONF: the last background save failed", "retry_save")),
        (FAILED, {"save": ""}, True, ("PROBLEM", "the last background save failed", "retry_save")),
        (FAILED, {"stop-writes-on-bgsave-error": "no"}, True, ("PROBLEM", "the last background save failed", "retry_save")),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, {}, True, ("PROBLEM", "MISCONF: the append-only file cannot be written", "repair_condition")),
        ({**REPLICA, **refused("READONLY")}, {}, True, ("PROBLEM", "READONLY: a replica of db-1:6379 is written to", "repair_condition")),
        ({**CUT, **refused("READONLY")}, {}, True, ("PROBLEM", "READONLY: a replica of db-1:6379 is written to", "repair_condition")),
        (REPLICA, {}, True, ("OK", "", "")),
        ({**REPLICA, **FAILED, "aof_enabled": 0}, {}, True, ("PROBLEM", "the last background save failed", "retry_save")),
        (CUT, {}, True, ("PROBLEM", "the link to db-1:6379 is down", "repair_condition")),
        (CUT, {"replica-serve-stale-data": "no"}, True, ("PROBLEM", "MASTERDOWN: the link to db-1:6379 is down", "repair_condition")),
        ({**LOST, **refused("NOREPLICAS")}, {"min-replicas-to-write": "2"}, True, ("PROBLEM", "NOREPLICAS: 1 of 2 replicas are in touch", "set_min_replicas_to_write")),
        ({**LOST, **refused("NOREPLICAS")}, {"min-replicas-to-write": "2"}, False, ("PROBLEM", "NOREPLICAS: 1 of 2 replicas are in touch", "repair_condition")),
        (LOST, {"min-replicas-to-write": "1"}, True, ("OK", "", "")),
        ({"loading": 1, "loading_eta_seconds": 40}, {}, True, ("PROBLEM", "LOADING: the data is being read back", "repair_condition")),
        ({"latest_fork_usec": 900_000, "used_memory": 4 << 30}, {}, True, ("PROBLEM", "fork stalls", "repair_condition")),
        ({"latest_fork_usec": 900_000, "used_memory": 64 << 30}, {}, True, ("OK", "", "")),
        ({"latest_fork_usec": 900_000, **refused("OOM")}, {}, True, ("PROBLEM", "OOM", "")),
        (refused("MISCONF"), {}, True, ("UNKNOWN", "", "")),
        (refused("READONLY"), {}, True, ("UNKNOWN", "", "")),
        ({"evicted_keys": 9}, {}, True, ("PROBLEM", "evicted_keys", "")),
        (refused("OOM"), {}, True, ("PROBLEM", "OOM", "")),
    ],
)  # fmt: skip
def test_the_condition_is_named_by_what_the_server_says(later, settings, stop_gap, wanted):
    """A refusal without a condition is UNKNOWN; safety is given up only where it was asked for."""
    said = judge(delta(**later), {**SET, **settings}, stop_gap=stop_gap)
    assert (said.status, said.subject, said.fix) == wanted, said.summary


def test_a_service_that_tells_nothing_is_unknown():
    """And is not called healthy."""
    bare = Reading(0.0, {"run_id": "a", "total_commands_processed": 1})
    assert judge(subtract(bare, bare), {}, stop_gap=True).status == "UNKNOWN"


def test_without_config_the_defaults_are_assumed():
    """A failed save refuses writes by default."""
    assert [c.code for c in standing({**INFO, **FAILED}, {})] == ["save"]


@pytest.fixture
async def broken_disk(own_redis):
    """A sandbox whose save has failed."""
    async with own_redis.fault("persistence_or_replication") as fault:
        yield fault


async def test_a_server_that_refuses_ping_can_be_asked(own_redis, broken_disk):
    """MISCONF refuses PING too."""
    opened = await open_session(own_redis.redis_url, application_name="runbook:test")
    with pytest.raises(BadAnswer) as refusal:
        await opened.ask("PING")
    found = await members.conditions_now(opened)
    said = await opened.ping()
    await opened.close()
    assert (answered(refusal.value), [row.code for row in found], "standalone" in said) == (True, ["save"], True)


async def test_a_save_that_fails_again_is_told(broken_disk, session, writer, admin):
    """Writes stay refused, and nothing else changes."""
    fix = RetrySave(within_s=20.0)
    preview = await fix.preview(session)
    with pytest.raises(FixFailed, match="failed again"):
        await fix.apply(writer, preview)
    with pytest.raises(FixFailed):
        await fix.read_back(session)
    assert (await admin.config_get("stop-writes-on-bgsave-error"))["stop-writes-on-bgsave-error"] == "yes"


async def test_a_save_that_succeeds_lets_writes_in(own_redis, session, writer, admin):
    """And the fix is not needed any more; its undo has nothing to do."""
    async with own_redis.fault("persistence_or_replication", variant="disk_back"):
        preview = await RetrySave().preview(session)
        await RetrySave().apply(writer, preview)
        again = await RetrySave().preview(session)
        await RetrySave().undo(writer, preview.inverse)
        assert (await admin.set("cart:1", 1), again.needed, await RetrySave().read_back(session)) == (
            True,
            False,
            "rdb_last_bgsave_status is ok.",
        )
        await admin.delete("cart:1")


@pytest.mark.parametrize(
    ("fix", "name", "start", "value"),
    [
        (SetStopWritesOnBgsaveError("no"), "stop-writes-on-bgsave-error", "yes", "no"),
        (SetMinReplicasToWrite(0), "min-replicas-to-write", "2", "0"),
    ],
)
async def test_a_stop_gap_says_so_and_is_undone(admin, session, writer, fix, name, start, value):
    """The preview changes nothing; the undo may come twice."""
    await admin.config_set(name, start)
    preview = await fix.preview(session)
    dry = (await admin.config_get(name))[name]
    await fix.apply(writer, preview)
    said, again = await fix.read_back(session), await fix.preview(session)
    for _ in range(2):
        await fix.undo(writer, preview.inverse)
    assert (dry, said, again.needed, (await admin.config_get(name))[name]) == (start, f"{name} is {value}.", False, start)
    assert any("STOP-GAP" in effect for effect in preview.effects)


@pytest.mark.parametrize("bad", [SetStopWritesOnBgsaveError("off"), SetMinReplicasToWrite(-1), RepairCondition("nothing")])
async def test_impossible_values_are_refused(session, bad):
    """With what is known."""
    with pytest.raises(ParameterError):
        await bad.preview(session)


@pytest.mark.parametrize("condition", list(STEPS))
async def test_every_condition_has_its_steps(session, condition):
    """As text, with the primary's address where there is one; braces of others are only text."""
    fix = RepairCondition(condition, "db-{0}:6379", "/data/{x}")
    preview = await fix.preview(session)
    assert (fix.patch(preview).splitlines() == list(preview.statements), "{primary}" in fix.patch(preview)) == (True, False)


async def test_a_replica_is_a_real_one_and_ends(own_redis, session):
    """The sandbox's second server has the first one's password and takes its keys."""
    second = SecondRedis(own_redis.addresses)
    await second.start()
    try:
        opened = await open_session(second.url(), application_name="runbook:test")
        role = (await opened.info("replication"))["role"]
        await opened.close()
    finally:
        await second.stop()
    assert (role, second.state) == ("slave", "stopped")


async def test_broken_conditions_counts_what_stands_and_what_is_refused(own_redis, session):
    """None on a sound server, both while writes are refused."""
    probe = members.broken_conditions(window_s=0.9, every_s=0.3)
    sound = [sample.value for sample in await probe.measure({"redis": session})]
    async with own_redis.fault("persistence_or_replication"):
        broken = [sample.value for sample in await probe.measure({"redis": session})]
    assert (sound, broken) == ([0.0] * 3, [2.0] * 3)
