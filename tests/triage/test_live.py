"""Triage on real servers: the right runbook first, nothing changed, what does not answer said."""

import asyncio
import json

import pytest
import redis.asyncio

from helpers.cli.triaging import triage_and_tell
from helpers.triage import board
from tests.runbooks.server import dump


@pytest.fixture
def looked(tmp_path, monkeypatch, capsys):
    """`await looked(sandbox)` is the exit code and the JSON of `runbook triage`; `systems` narrows the profile."""

    async def _looked(sandbox, *systems, budget_s=40.0):
        monkeypatch.chdir(tmp_path)
        lines = [f"{s} = {json.dumps(sandbox.profile[s])}" for s in systems or sandbox.profile]
        (tmp_path / "profiles.toml").write_text("\n".join(["[target]", *lines]))
        capsys.readouterr()
        code = await triage_and_tell("target", [], budget_s=budget_s, out=tmp_path / "incidents", as_json=True)
        return code, json.loads(capsys.readouterr().out)

    return _looked


@pytest.mark.timeout(180)
async def test_a_lock_comes_first_with_its_consequences_below_and_nothing_changes(fresh_sandbox, looked):
    """The shop under load; the statement that waits is no missing index."""
    async with fresh_sandbox(load_rps=10.0) as sandbox, sandbox.fault("lock_contention") as fault:
        await asyncio.sleep(4.0)
        before = await dump(sandbox)
        code, said = await looked(sandbox)
        after = await dump(sandbox)
    first = said["ranked"][0]
    assert (code, first["runbook"], first["subject"], first["state"]) == (1, "lock_contention", fault.subject, "cause"), said["summary"]
    assert (first["command"].startswith("runbook run lock_contention --profile target --from 2"), before == after) == (True, True)
    assert {row["follows_from"] for row in said["ranked"] if row["rank"] == 1} <= {"", "lock_contention"}


@pytest.mark.timeout(180)
async def test_a_clean_redis_is_said_to_be_clean_and_the_rest_unasked(fresh_sandbox, looked):
    """With what was checked, and what is missing for the others."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        code, said = await looked(sandbox, "redis")
    states = {f["runbook"]: f["state"] for f in said["findings"]}
    assert (code, said["ranked"], states["memory_full"], states["lock_contention"]) == (0, [], "sound", "unasked"), said["summary"]


@pytest.mark.timeout(180)
async def test_what_is_left_open_is_not_called_clean(fresh_sandbox, looked):
    """Keys that expire together in an hour: whether that does harm is not known, exit 3; the terminal has a line for it too."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        pipe = client.pipeline(transaction=False)
        for number in range(300):
            pipe.set(f"import:{number}", "x", ex=3000)
        await pipe.execute()
        code, said = await looked(sandbox, "redis")
    assert (code, [(row["runbook"], row["state"]) for row in said["ranked"]]) == (3, [("cache_stampede", "open")]), said["summary"]


@pytest.mark.timeout(180)
async def test_what_does_not_answer_is_not_called_sound(fresh_sandbox, looked):
    """Exit 3: it cannot be said."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.kill("postgres")
        code, said = await looked(sandbox, "postgres")
    assert (code, {f["state"] for f in said["findings"]}, said["ranked"]) == (3, {"unasked"}, [])


@pytest.mark.timeout(180)
async def test_a_server_without_a_connection_left_is_no_clean_one(fresh_sandbox, looked):
    """Whether somebody gets in to ask who holds them or not, that is what comes first."""
    async with fresh_sandbox(services=("postgres", "redis")) as sandbox, sandbox.fault("connection_exhaustion"):
        code, said = await looked(sandbox, "postgres", "redis")
    assert (code in (1, 3), said["ranked"][0]["runbook"]) == (True, "connection_exhaustion"), said["summary"]


@pytest.mark.timeout(180)
async def test_time_that_is_up_is_said(fresh_sandbox, looked, monkeypatch):
    """And the sessions are closed."""
    monkeypatch.setattr(board, "LANES", 1)
    async with fresh_sandbox(services=("redis",)) as sandbox:
        code, said = await looked(sandbox, "redis", budget_s=3.0)
    assert (code, "Not answered in time." in {f["summary"] for f in said["findings"]}) == (3, True)
