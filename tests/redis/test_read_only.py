"""No write and no dangerous command leaves a diagnosis: refused before it is sent, and by the shipped ACL."""

import dataclasses
import re
from pathlib import Path

import pytest

import helpers.redis
from helpers import redis as members
from helpers.errors import Refused
from helpers.redis.commands import ALLOWED, SETTABLE, WRITES, refusal, split, write_refusal
from helpers.redis.connect import open_session

ACL = Path(helpers.redis.__file__).with_name("reader_acl.txt")
DANGEROUS = [
    ("KEYS", "*"), ("MONITOR",), ("DEBUG SLEEP", 1), ("DEBUG JMAP",), ("EVAL", "return 1", 0), ("EVALSHA", "x", 0), ("FCALL", "x", 0), ("FUNCTION LOAD", "x"),
    ("FLUSHALL",), ("FLUSHDB",), ("SHUTDOWN",), ("SAVE",), ("BGSAVE",), ("BGREWRITEAOF",), ("SET", "a", 1), ("DEL", "a"), ("UNLINK", "a"), ("EXPIRE", "a", 1),
    ("PERSIST", "a"), ("RESTORE", "a", 0, b""), ("GET", "a"), ("HGETALL", "a"), ("SMEMBERS", "a"), ("LRANGE", "a", 0, -1), ("DUMP", "a"), ("SORT", "a"),
    ("CONFIG SET", "maxmemory", 1), ("CONFIG RESETSTAT",), ("CONFIG REWRITE",), ("CONFIG GET", "*"), ("CONFIG GET", "requirepass"), ("CONFIG GET", "require?ass"),
    ("CONFIG GET", "maxmemory", "masterauth"), ("CONFIG GET",), ("CONFIG GET", b"REQUIREPASS"), ("CLIENT KILL", "ID", 1), ("CLIENT PAUSE", 1), ("CLIENT NO-EVICT", "on"),
    ("SLOWLOG RESET",), ("LATENCY RESET",), ("ACL SETUSER", "x"), ("ACL LIST",), ("MODULE LOAD", "x"), ("REPLICAOF", "h", 1), ("FAILOVER",), ("SUBSCRIBE", "x"),
    ("MULTI",), ("WATCH", "a"), ("BLPOP", "a", 0), ("MIGRATE", "h"), ("SWAPDB", 0, 1), ("SELECT", 1), ("AUTH", "x"), ("RESET",), ("HELLO", 3), ("QUIT",), ("",), ("SET a 1",),
    ("PING\r\nFLUSHALL",), ("SCAN", 0, "COUNT", 100_000), ("SCAN", 0, "COUNT", b"1e9"), ("SCAN", 0, "MATCH", "*", "COUNT", 5000), ("HSCAN", "a", 0, "COUNT", "99999"),
    ("SLOWLOG GET",), ("SLOWLOG GET", -1), ("SLOWLOG GET", 100_000), ("GETRANGE", "a", 0, -1), ("GETRANGE", "a", 0, 1 << 30), ("MEMORY USAGE", "a", "SAMPLES", 0),
    ("LATENCY HISTOGRAM",),
]  # fmt: skip


async def test_it_is_refused_before_it_is_sent(session, admin):
    """By ask and by ask_many, among harmless ones too: the server is sent nothing."""
    before = (await admin.info("stats"))["total_commands_processed"]
    for command in DANGEROUS:
        with pytest.raises(Refused):
            await session.ask(command[0], *command[1:])
        with pytest.raises(Refused):
            await session.ask_many([("PING",), command])
    assert (await admin.info("stats"))["total_commands_processed"] == before + 1


@pytest.mark.parametrize("command", [c for c in DANGEROUS if " ".join(split(c[0])) not in WRITES], ids=str)
def test_an_applied_fix_may_not_send_it_either(command):
    """A writing session has a short list of its own."""
    assert write_refusal(split(command[0]), command[1:])


@pytest.mark.parametrize(
    "command",
    [("CONFIG SET", "dir", "/tmp"), ("CONFIG SET", "requirepass", ""), ("CONFIG SET", "maxmemory", 1, "dir", "/"), ("CONFIG SET", "dbfilename", "x"), ("CONFIG SET",),
     ("CLIENT KILL", "TYPE", "normal"), ("CLIENT KILL", "127.0.0.1:1"), ("CLIENT KILL", "ID", "1", "SKIPME", "no"), ("CLIENT KILL", "ID", "*"), ("RESTORE", "a", 0, b"x", "REPLACE")],
    ids=str,
)  # fmt: skip
def test_a_fix_changes_named_settings_and_single_clients_only(command):
    """Nothing that names a file, a password or all clients."""
    assert write_refusal(split(command[0]), command[1:])


def test_no_command_that_writes_is_allowed_to_a_diagnosis():
    """The two lists do not meet, and no settable setting is a secret or a file."""
    assert (ALLOWED & WRITES, {s for s in SETTABLE if re.search("pass|auth|file|dir|module|user", s) and "del" not in s}) == (set(), set())
    assert refusal(["CONFIG", "GET"], ["maxmemory"]) == ""


async def measured(member, reader):
    """Samples, or the word that it needs what this test does not give: a key, or another system."""
    declared = {field.name for field in dataclasses.fields(member)}
    probe = member(**{name: value for name, value in {"window_s": 0.4, "every_s": 0.1}.items() if name in declared})
    try:
        return await probe.measure({"redis": reader}) if probe.applies else "needs a parameter"
    except Refused as needs:
        return needs.system == "postgres"


async def test_the_shipped_reader_may_ask_all_that_is_allowed(own_redis, admin):
    """Every check and probe works as runbook_reader, the ACL log stays empty, and it can neither read a value nor write one."""
    line = next(x for x in ACL.read_text().splitlines() if x.startswith("ACL SETUSER") and "%R~*" in x)
    await admin.execute_command(*line.replace("PASSWORD", "look-only").split())
    await admin.mset({f"cart:{n}": "x" for n in range(50)})
    await admin.execute_command("ACL", "LOG", "RESET")
    url = re.sub(r"//[^@]*@", "//runbook_reader:look-only@", own_redis.redis_url)
    reader = await open_session(url, application_name="runbook:test")
    said = [await reader.ping(), await reader.identity()]
    for name in members.__all__:
        member = getattr(members, name)
        if member.__module__.split(".")[2] == "checks":
            said.append((await member(reader)).status)
        elif member.__module__.split(".")[2] == "probes":
            said.append(await measured(member, reader))
    await reader.close()
    assert (await admin.execute_command("ACL", "LOG"), all(said)) == ([], True)
    for command in (
        "GET cart:1",
        "SET cart:1 y",
        "KEYS *",
        "CONFIG SET maxmemory 1",
        "FLUSHALL",
        "DUMP cart:1",
        "CLIENT KILL ID 1",
        "DEBUG SLEEP 0",
    ):
        assert "no permissions" in str(await admin.execute_command("ACL", "DRYRUN", "runbook_reader", *command.split()))


async def test_commandstats_show_reads_only(own_redis, admin, session):
    """After every check of this folder the server has seen nothing but allowed commands."""
    await admin.mset({f"cart:{n}": "x" for n in range(50)})
    await admin.config_resetstat()
    for name in members.__all__:
        member = getattr(members, name)
        if member.__module__.split(".")[2] == "checks":
            await member(session)
    sent = {c.replace("cmdstat_", "").replace("|", " ").upper() for c in await admin.info("commandstats")} - {"CONFIG RESETSTAT"}
    assert sent <= ALLOWED
