"""slow_command: the log's entries grouped, the judge, the check and the probe on a server of one's own."""

import asyncio
import dataclasses

import pytest

from helpers.errors import TimedOut
from helpers.redis.checks import slow_command
from helpers.redis.checks.time_by_command import time_by_command
from helpers.redis.deltas import Delta, Reading, subtract
from helpers.redis.key_size import KeySize
from helpers.redis.makers import Maker, makers
from helpers.redis.probes import held_by_slow_commands
from helpers.redis.probes.held_by_slow_commands import HeldBySlowCommands
from helpers.redis.replies import SlowCommand
from helpers.redis.slow import grouped, keys_of, settings_blind

INFO = {"redis_version": "8", "run_id": "a", "total_commands_processed": 100, "used_memory": 1, "db0": "keys=50000,expires=0,avg_ttl=0"}


def delta(**later) -> Delta:
    return subtract(Reading(0.0, INFO), Reading(4.0, {**INFO, "total_commands_processed": 200, **later}))


def entry(*words: bytes, ms: float = 50.0, name: str = "web", addr: str = "10.0.0.7:1") -> SlowCommand:
    return SlowCommand(1, 0, ms, "", words, addr, name)


def seen(*entries: SlowCommand, size: KeySize | None = None, who: tuple[Maker, ...] = (), blind: str = "", **later) -> slow_command.Seen:
    return slow_command.Seen(delta(**later), grouped(entries, slow_ms=10.0, own="runbook"), size, who, blind)


BIG = KeySize("hash", 90_000, 9 << 20)
SMALL = KeySize("hash", 12, 900)
JOB = Maker(7, "10.0.0.7:1", "web", 90, "N", 6, 6, 1)


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ((b"hgetall", b"cart:7"), [b"cart:7"]),
        ((b"EVAL", b"return 1", b"1", b"board"), [b"board"]),
        ((b"EVAL", b"return 1", b"0", b"secret"), []),
        ((b"BITOP", b"AND", b"dest", b"a"), [b"a"]),
        ((b"ZUNION", b"2", b"a", b"b"), [b"a"]),
        ((b"SUNION", b"a", b"b"), [b"a", b"b"]),
        ((b"XREADGROUP", b"GROUP", b"g", b"c", b"STREAMS", b"s", b">"), [b"s"]),
        ((b"FLUSHALL",), []),
        ((b"AUTH", b"a password"), []),
        ((b"MGET", b"a", b"... (900 more arguments)"), [b"a"]),
    ],
)
def test_the_key_is_where_the_command_has_it(words, keys):
    """A script's text, a password and what the log cut are no keys."""
    assert keys_of(words) == keys


def test_entries_are_grouped_by_command_key_and_client():
    """The longest in all first; ids collapse, one's own and quick ones are left out, a key cut short is not kept whole."""
    long = b"page:" + b"x" * 120 + b"... (44 more bytes)"
    found = grouped(
        [
            entry(b"HGETALL", b"cart:17"), entry(b"hgetall", b"cart:18", addr="10.0.0.8:1"), entry(b"GET", long, ms=60.0),
            entry(b"KEYS", b"*", ms=9.0), entry(b"KEYS", b"*", name="runbook"),
        ],
        slow_ms=10.0, own="runbook",
    )  # fmt: skip
    assert [(g.subject[:30], g.calls, g.held_ms, len(g.keys), len(g.addrs)) for g in found] == [
        ("HGETALL cart:{id} by web", 2, 100.0, 2, 2),
        ("GET page:{id} by web"[:30], 1, 60.0, 0, 1),
    ]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (seen(), ("OK", None, "")),
        (seen(blind="NOPERM"), ("UNKNOWN", None, "")),
        (seen(entry(b"KEYS", b"cart:*")), ("PROBLEM", "slow_command", "KEYS cart:* by web")),
        (seen(entry(b"KEYS", b"*"), db0="keys=20,expires=0,avg_ttl=0"), ("UNKNOWN", None, "")),
        (seen(entry(b"HGETALL", b"cart:7"), size=BIG), ("PROBLEM", "slow_command", "HGETALL cart:{id} by web")),
        (seen(entry(b"HGETALL", b"cart:7"), size=SMALL), ("UNKNOWN", None, "")),
        (seen(entry(b"DEL", b"cart:7", name="")), ("PROBLEM", "slow_command", "DEL cart:{id} by unnamed clients")),
        (seen(entry(b"GET", b"cart:7")), ("UNKNOWN", None, "")),
        (seen(*[entry(b"EVALSHA", b"ab", b"1", b"cart:7")] * 3), ("PROBLEM", "slow_command", "EVALSHA cart:{id} by web")),
        (seen(entry(b"EVALSHA", b"ab", b"1", b"cart:7")), ("UNKNOWN", None, "")),
        (seen(*[entry(b"EVALSHA", b"ab", b"1", b"cart:7")] * 3, entry(b"GET", b"a")), ("UNKNOWN", None, "")),
        (seen(entry(b"MGET", b"a", b"... (5000 more arguments)")), ("PROBLEM", "slow_command", "MGET a by web")),
        (seen(entry(b"HGETALL", b"a", ms=20.0), size=BIG), ("OK", None, "")),
        (seen(entry(b"HGETALL", b"a"), size=SMALL, total_forks=2, latest_fork_usec=300_000), ("PROBLEM", "persistence_or_replication", "fork")),
        (seen(errorstat_OOM="count=5"), ("PROBLEM", "memory_full", "OOM")),
        (seen(entry(b"KEYS", b"*"), evicted_keys=5), ("PROBLEM", "slow_command", "KEYS * by web")),
        (seen(evicted_keys=5), ("PROBLEM", "eviction_churn", "evicted_keys")),
    ],
)  # fmt: skip
def test_a_command_is_named_only_if_it_had_much_to_do(facts, wanted):
    """What is slow on a small key is the machine; what the counters show beside little slowness is named instead."""
    said = slow_command.judge(facts)
    assert (said.status, said.code, said.subject) == wanted


def test_without_the_log_the_statistics_name_the_command_but_no_cause():
    """UNKNOWN, and what to open."""
    said = slow_command.judge(seen(blind="NOPERM", cmdstat_keys="calls=10,usec=500000,usec_per_call=50000"))
    assert (said.status, "KEYS takes 50 ms" in said.summary) == ("UNKNOWN", True)


@pytest.mark.parametrize(
    ("facts", "disposable", "fix"),
    [
        (seen(entry(b"HGETALL", b"cart:7"), size=BIG, who=(JOB,)), "", "kill_slow_client"),
        (seen(entry(b"HGETALL", b"cart:7"), size=BIG, who=(JOB,)), "cart:{id}", "unlink_big_key"),
        (seen(entry(b"HGETALL", b"cart:7"), size=BIG), "board:{id}", "replace_slow_command"),
        (seen(entry(b"HGETALL", b"cart:7"), entry(b"HGETALL", b"cart:8"), size=BIG), "cart:{id}", "replace_slow_command"),
        (seen(entry(b"HGETALL", b"\xff\xfe"), size=BIG), "{id}", "replace_slow_command"),
        (seen(entry(b"KEYS", b"*"), who=(dataclasses.replace(JOB, doing=5),)), "", "replace_slow_command"),
        (seen(entry(b"KEYS", b"*"), who=(dataclasses.replace(JOB, alike=2),)), "", "replace_slow_command"),
        (seen(entry(b"KEYS", b"*"), who=(dataclasses.replace(JOB, flags="S"),)), "", "replace_slow_command"),
    ],
)
def test_the_fix_is_the_one_that_hurts_nobody_else(facts, disposable, fix):
    """A key goes only with leave, a client only if it does nothing else and is the only one of its name."""
    assert slow_command.judge(facts, disposable=disposable).fix == fix


def test_unix_sockets_share_one_address_so_the_name_must_tell():
    """Two connections that cannot be told apart are both counted."""
    group = grouped([entry(b"KEYS", b"*", addr="/run/redis.sock:0", name="")], slow_ms=10, own="runbook")[0]
    clients = [{"id": n, "addr": "/run/redis.sock:0", "name": "", "age": 1, "flags": "U", "cmd": "keys"} for n in (1, 2)]
    assert [m.alike for m in makers([clients] * 6, group)] == [2, 2]


@pytest.mark.parametrize(
    ("settings", "told"),
    [({}, False), ({"slowlog-log-slower-than": "10000"}, False), ({"slowlog-log-slower-than": "50000"}, True), ({"slowlog-log-slower-than": "-1"}, True), ({"slowlog-max-len": "0"}, True)],
)  # fmt: skip
def test_a_log_that_cannot_tell_says_so(settings, told):
    """Off, too short, or only for what is slower still."""
    assert bool(settings_blind(settings, 10.0)) == told


@pytest.fixture
async def board(admin):
    """A big set under a name with a space, sorted again and again by a client named Nightly/Job, on a server that logs what takes 10 µs."""
    await admin.config_set("slowlog-log-slower-than", 10)
    await admin.client_setname("Nightly/Job")
    await admin.sadd("Tags of: All", *range(4000))
    stop = asyncio.Event()

    async def sort() -> None:
        while not stop.is_set():
            await admin.execute_command("SORT", "Tags of: All", "ALPHA", "LIMIT", 0, 1)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(sort())
    yield "Tags of: All"
    stop.set()
    await task


async def test_the_check_names_command_key_and_client(board, session):
    """As the server has them; what its own session does is left out."""
    said = await slow_command.slow_command(session, slow_ms=0.1, allowed_pct=0.1, watch_s=1.5)
    assert (said.code, said.subject, said.fix) == ("slow_command", f"SORT {board} by Nightly/Job", "kill_slow_client"), said.summary


async def test_the_probe_counts_the_time_of_slow_commands_only(board, session):
    """A share of time between none and all."""
    samples = await HeldBySlowCommands(1.0, 0.1, slow_ms=0.1).measure({"redis": session})
    none = await HeldBySlowCommands(0.3, 0.1, slow_ms=5000).measure({"redis": session})
    assert (max(s.value for s in samples) > 0, {s.value for s in none}, len(samples)) == (True, {0.0}, 10)


async def test_time_by_command_puts_the_longest_first(board, session):
    """With its calls and what one takes."""
    found = await time_by_command(session, watch_s=0.6)
    assert (found.rows[0].command, found.rows[0].calls_per_s > 0) == ("SORT", True)


async def test_a_hung_server_is_held_all_the_time(board, session, monkeypatch):
    """A look that is not answered counts as 100 %."""
    answers = iter([[], TimedOut("redis", "no answer"), []])

    async def entries(_):
        answer = next(answers)
        if isinstance(answer, TimedOut):
            raise answer
        return answer

    monkeypatch.setattr(held_by_slow_commands, "_entries", entries)
    samples = await HeldBySlowCommands(0.2, 0.1, slow_ms=0.1).measure({"redis": session})
    assert [(s.value, s.ok) for s in samples] == [(100.0, False), (0.0, True)]
