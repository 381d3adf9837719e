"""Every fault breaks the real thing, and a heal puts it back."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import httpx
import pytest

from helpers.errors import UsageError
from helpers.sandbox.commands import faults
from helpers.sandbox.faults import load_fault
from tests.rotation import seed
from tests.sandbox.asking import catalog, poll, run_of

VARIANTS = [(f["name"], variant) for f in faults() if f["area"] != "platform" for variant in f["variants"]]
WEB = [f["name"] for f in faults() if "web" in load_fault(f["name"]).services and not load_fault(f["name"]).lookalike]
SCANS = [variant for name, variant in VARIANTS if name == "missing_index"]
WAITS = """
    select pid, application_name, pg_blocking_pids(pid) as blockers, extract(epoch from clock_timestamp() - query_start) as since_s
    from pg_stat_activity where wait_event_type = 'Lock'
"""


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
async def test_a_heal_restores_the_catalog(sandbox_server, admin, name, variant):
    """Tables and indexes are the same before and after, and no client stays."""
    before = await catalog(admin)
    async with sandbox_server.fault(name, variant=variant):
        pass
    clients = await admin.fetchval(
        "select count(*) from pg_stat_activity where backend_type = 'client backend' and application_name not in ('', 'shop-api')"
    )
    assert (await catalog(admin), clients) == (before, 0)


@pytest.mark.timeout(400)
async def test_a_heal_deploys_the_web_application_as_it_was(fresh_sandbox):
    """The checkout's files are what they were, and it answers; one fault of those that can be built, as the seed has it."""
    name = random.Random(seed()).choice(WEB)
    async with fresh_sandbox(services=load_fault(name).services) as sandbox:
        before = _tree(sandbox)
        async with sandbox.fault(name):
            broken = _tree(sandbox)
        async with httpx.AsyncClient(base_url=sandbox.web_url, timeout=20, trust_env=False) as client:
            answer = await client.get("/api/health")
        assert (_tree(sandbox) == before != broken, answer.status_code) == (True, 200)


def _tree(sandbox) -> str:
    """What the checkout holds, as git names it."""
    command = ["git", "-C", sandbox.profile["code"], "rev-parse", "HEAD^{tree}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


async def test_a_fault_whose_service_is_not_there_is_refused_with_the_way(sandbox_server):
    """Nothing is broken, and the sandbox goes on."""
    with pytest.raises(UsageError, match="needs web") as refused:
        await sandbox_server.break_(WEB[0])
    status = await sandbox_server.status()
    assert ("up --web" in str(refused.value.remedy), status["faults"]) == (True, [])


@pytest.mark.parametrize("variant", SCANS)
async def test_an_index_as_the_subject_says_serves_the_statement(sandbox_server, admin, variant):
    """Without it the statement touches at least five times as many blocks."""
    async with sandbox_server.fault("missing_index", variant=variant) as fault:
        broken = await run_of(admin, fault.parameters["query"])
        await admin.execute(f"create index on {fault.subject.replace('(', ' (', 1)}")
        served = await run_of(admin, fault.parameters["query"])
    assert broken["blocks"] >= 5 * served["blocks"]
    assert broken["found"] == served["found"]


async def test_the_default_endpoint_suffers_from_the_missing_index(sandbox_server, admin):
    """The application's own statement is the one that scans."""
    async with (
        sandbox_server.fault("missing_index") as fault,
        httpx.AsyncClient(base_url=sandbox_server.api_url, trust_env=False) as client,
    ):
        before = await admin.fetchval("select seq_tup_read from pg_stat_user_tables where relname = 'orders'")
        method, _, path = fault.parameters["endpoint"].partition(" ")
        await client.request(method, path)

        async def scanned():
            return await admin.fetchval("select seq_tup_read from pg_stat_user_tables where relname = 'orders'") - before >= 60_000

        assert await poll(scanned)


async def test_stale_statistics_are_wrong_a_hundredfold_and_analyze_alone_helps(sandbox_server, admin):
    """The index is there and valid; the estimate is not."""
    async with sandbox_server.fault("stale_statistics") as fault:
        stale = await run_of(admin, fault.parameters["query"])
        valid = await admin.fetchval("select indisvalid from pg_index where indexrelid = 'parcels_state_idx'::regclass")
        await admin.execute("analyze parcels")
        known = await run_of(admin, fault.parameters["query"])
    assert (stale["estimated"] >= 100 * stale["found"], valid, stale["blocks"] >= 5 * known["blocks"]) == (True, True, True)


async def test_an_invalid_index_stands_on_the_very_column(sandbox_server, admin):
    """The failed build left it, and the statement scans."""
    async with sandbox_server.fault("invalid_index") as fault:
        rows = await admin.fetch("select pg_get_indexdef(indexrelid) from pg_index where not indisvalid")
        plan = await run_of(admin, fault.parameters["query"])
    assert "(customer_id)" in rows[0][0]
    assert plan["blocks"] > 1000


async def test_no_index_helps_a_full_read(sandbox_server, admin):
    """The report keeps most of what it reads."""
    async with sandbox_server.fault("full_read") as fault:
        plan = await run_of(admin, fault.parameters["query"])
    assert (fault.lookalike, fault.code, plan["found"] > 40_000) == (True, "", True)


@pytest.mark.parametrize(
    ("variant", "state"), [("default", "idle in transaction"), ("other_schema", "idle in transaction"), ("active_root", "active")]
)
async def test_a_queue_two_deep_has_one_root(sandbox_server, admin, variant, state):
    """Five wait; following the blockers always ends at the subject."""
    async with sandbox_server.fault("lock_contention", variant=variant) as fault:
        waits = {row["pid"]: row for row in await admin.fetch(WAITS)}
        roots = {b for row in waits.values() for b in row["blockers"]} - waits.keys()
        root = await admin.fetchrow("select pid, application_name, state from pg_stat_activity where pid = any($1::int[])", list(roots))
        direct = [row for row in waits.values() if root["pid"] in row["blockers"]]
    assert (f"pid {root['pid']} ({root['application_name']})", root["state"], len(waits)) == (fault.subject, state, 5)
    assert len(direct) < 5


async def test_ending_the_root_lets_the_queue_flow(sandbox_server, admin):
    """The waiters were real: they go on once the root is gone."""
    async with sandbox_server.fault("lock_contention") as fault:
        await admin.execute(f"select pg_terminate_backend({fault.subject.split()[1]})")

        async def flows():
            return not [row for row in await admin.fetch(WAITS) if row["since_s"] > 1]

        assert await poll(flows)


async def test_a_burst_of_locks_has_waits_that_end(sandbox_server, admin):
    """Somebody waits, and a second later it is somebody else or nobody."""
    async with sandbox_server.fault("burst_of_locks"):

        async def waits():
            return await admin.fetch(WAITS)

        assert all(row["since_s"] < 0.5 for row in await poll(waits))


async def test_an_unknown_fault_or_variant_names_the_near_miss(sandbox_server):
    """Nothing is broken by it."""
    with pytest.raises(UsageError, match="missing_index"):
        await sandbox_server.break_("mising_index")
    with pytest.raises(UsageError, match="partial"):
        await sandbox_server.break_("missing_index", variant="partia")
    assert (await sandbox_server.status())["faults"] == []


def test_faults_are_found_by_folder():
    """Each under the area of its folder, without a list of them anywhere."""
    folder = Path(__file__).parents[2] / "helpers" / "sandbox" / "faults"
    files = {path.stem: path.parent.name for path in folder.glob("*/[!_]*.py")}
    assert {f["name"]: f["area"] for f in faults()} == files
    assert {"missing_index", "memory_full", "burst_of_locks"} <= set(files)
