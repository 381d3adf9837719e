"""missing_index through papermill: its fault in six schemas, a healthy server, its neighbours, a server that goes."""

import json
import statistics
import time

import asyncpg
import pytest

from helpers.incident.evidence import audit
from helpers.sandbox.faults.postgres.missing_index import QUERY

SLO = {"slo_p95_ms": 6.0, "window_s": 4.0}  # missed by every scan here
STILL = {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": 0}


async def expected_ms(sandbox, query: str) -> float:
    """Return what users may expect: most of what the broken query takes on this machine, as busy as it is now."""
    connection = await asyncpg.connect(sandbox.postgres_dsn)
    took = []
    for _ in range(9):
        began = time.perf_counter()
        await connection.fetch(query)
        took.append((time.perf_counter() - began) * 1000)
    await connection.close()
    return round(0.8 * statistics.median(took), 1)


@pytest.mark.parametrize("variant", ["default", "mixed_case", "partitioned", "expression", "multicolumn", "partial"])
async def test_it_finds_and_makes_the_missing_index(fresh_sandbox, run, variant):
    """With a query and nothing but a Postgres address: the index is named, made, and the same probe says resolved."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("missing_index", variant=variant) as fault:
        result = await run(
            "missing_index",
            sandbox,
            apply=True,
            query=fault.parameters["query"],
            slo_p95_ms=await expected_ms(sandbox, fault.parameters["query"]),
        )
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )


async def test_from_the_endpoint_to_the_index(fresh_sandbox, run):
    """Given a slow request, the statement behind it is found, and the index that it lacks."""
    async with fresh_sandbox(load_rps=5) as sandbox, sandbox.fault("missing_index") as fault:
        slo_p95_ms = await expected_ms(sandbox, fault.parameters["query"])
        result = await run(
            "missing_index", sandbox, systems=("postgres", "api"), apply=True, endpoint=fault.parameters["endpoint"], slo_p95_ms=slo_p95_ms
        )
    assert (result.document.cause and result.document.cause.subject, result.document.verdict) == (fault.subject, "resolved"), (
        result.document.summary
    )


async def test_from_the_live_traffic_to_the_index(fresh_sandbox, run):
    """Given nothing, the worst statement of the live traffic is measured, named and helped."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("missing_index", variant="multicolumn") as fault:
        slo_p95_ms = await expected_ms(sandbox, fault.parameters["query"])
        result = await run("missing_index", sandbox, apply=True, window_s=4.0, slo_p95_ms=slo_p95_ms)
    assert (result.document.cause and result.document.cause.subject, result.document.verdict) == (fault.subject, "resolved"), (
        result.document.summary
    )


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run, catalog):
    """Cause and preview with its inverse; the catalog and the log of the server are what they were."""
    async with fresh_sandbox(services=("postgres",), postgres_settings=STILL) as sandbox, sandbox.fault("missing_index") as fault:
        admin = await asyncpg.connect(sandbox.admin_dsn)
        await admin.execute("vacuum")
        await admin.execute("checkpoint")
        before = (await catalog(sandbox), await admin.fetchval("select pg_current_wal_insert_lsn()"))
        result = await run("missing_index", sandbox, query=fault.parameters["query"], **SLO)
        after = (await catalog(sandbox), await admin.fetchval("select pg_current_wal_insert_lsn()"))
        await admin.close()
    fix = result.document.fix
    assert (result.document.cause and result.document.cause.subject, result.document.verdict, result.exit_code) == (
        fault.subject,
        "cause_found",
        1,
    )
    assert after == before
    assert (fix.applied, "CONCURRENTLY" in fix.preview[0], "DROP INDEX" in fix.undo[0], audit(result.folder)) == (False, True, True, [])


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """Not reproduced, and the checks agree."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        result = await run("missing_index", sandbox, apply=True, query=QUERY, slo_p95_ms=150.0)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0), result.document.summary


def _given(fault) -> dict[str, object]:
    return {k: v for k, v in fault.parameters.items() if k in ("query", "slo_p95_ms")}


@pytest.mark.parametrize("neighbour", ["stale_statistics", "invalid_index", "unindexed_foreign_key", "full_read", "nightly_batch"])
async def test_a_neighbour_is_not_taken_for_it(fresh_sandbox, run, catalog, neighbour):
    """The symptom is as real; the cause is another, and nothing is changed."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(neighbour) as fault:
        before = await catalog(sandbox)
        result = await run("missing_index", sandbox, apply=True, **{**SLO, "query": "", **_given(fault)})
        after = await catalog(sandbox)
    document = result.document
    wanted = (None, "other_cause", None if fault.lookalike else neighbour)
    assert (document.cause, document.verdict, document.other) == wanted, document.summary
    assert after == before


async def test_a_blocked_statement_is_not_taken_for_it(fresh_sandbox, run):
    """Slow because it waits for a lock: lock_contention is named, no index made."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        blocker = await asyncpg.connect(sandbox.admin_dsn)
        await blocker.execute("begin; lock table customers in access exclusive mode")
        result = await run("missing_index", sandbox, apply=True, query="select * from customers where id = 7", **SLO)
        await blocker.close()
    document = result.document
    assert (document.cause, document.fix) == (None, None)
    assert document.verdict in ("other_cause", "inconclusive", "unreachable"), document.summary
    assert document.other in ("lock_contention", None)


async def test_a_server_that_is_gone_is_unreachable(fresh_sandbox, run):
    """From the start: the stated verdict and a report."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.kill("postgres")
        result = await run("missing_index", sandbox, query=QUERY, **SLO)
    assert (result.document.verdict, result.exit_code, (result.folder / "report.html").exists()) == ("unreachable", 3, True)


@pytest.mark.parametrize("step", ["reproduce", "isolate", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report; what could not be undone is a follow-up with its command."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("missing_index")
        result = await run("missing_index", sandbox, apply=True, kill_at=step, query=QUERY, **SLO)
        written = json.loads((result.folder / "incident.json").read_text())
    document = result.document
    before = {"investigate": {"cause_found"}, "fix": {"cause_found"}, "verify": {"resolved"}}  # what is quick is over when it goes
    allowed = {"unreachable"} | before.get(step, set())
    assert (document.broken, document.verdict in allowed, written["verdict"]) == (None, True, document.verdict), document.summary
    if step == "verify":
        assert any("runbook undo" in text for text in document.follow_ups)
