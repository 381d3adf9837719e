"""schema_drift through papermill: its neighbours are in the matrix; here what it proposes, what it leaves alone, and a server that goes."""

import asyncpg
import pytest


async def test_it_proposes_a_migration_and_changes_nothing(fresh_sandbox, run, catalog):
    """With apply too; run by a person as it stands, the two agree."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("schema_drift") as fault:
        before = await catalog(sandbox)
        result = await run("schema_drift", sandbox, apply=True, **fault.parameters)
        after = await catalog(sandbox)
        owner = await asyncpg.connect(sandbox.postgres_dsn)
        for statement in result.document.fix.preview:
            await owner.execute(statement)
        await owner.close()
        again = await run("schema_drift", sandbox, apply=True, **fault.parameters)
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.applied, after == before) == (fault.subject, "cause_found", False, True)
    assert "ALTER TABLE public.orders ADD COLUMN discount_cents integer DEFAULT 0 NOT NULL;" in document.fix.patch
    assert (again.document.verdict, again.exit_code) == ("healthy", 0), again.document.summary


async def test_a_migration_that_is_due_is_named(fresh_sandbox, run):
    """By the folder and the tool's own table; the fix is the tool's command."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("schema_drift", variant="pending_migration") as fault:
        document = (await run("schema_drift", sandbox, **fault.parameters)).document
    assert (document.cause.subject, document.verdict, document.fix.name) == (fault.subject, "cause_found", "apply_migrations")
    assert "alembic upgrade head" in document.fix.patch


async def test_without_anything_to_compare_with_it_says_what_to_give(fresh_sandbox, run):
    """Undecided, not healthy; a reference that leads nowhere, the same; no password of a second address is kept."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        nothing = await run("schema_drift", sandbox)
        itself = await run("schema_drift", sandbox, compare_database="shop")
        secret = await run("schema_drift", sandbox, compare_with="postgres://reader:hunter2hunter2@127.0.0.1/x")
    kept = "".join(path.read_text(errors="replace") for path in secret.folder.iterdir() if path.is_file())
    found = [r.document.verdict for r in (nothing, itself, secret)]
    assert (found, "compare_database" in nothing.document.summary) == (["inconclusive"] * 3, True), nothing.document.summary
    assert ("itself" in itself.document.summary, "hunter2hunter2" in kept) == (True, False)


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix"])
async def test_a_server_killed_in_the_middle_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        fault = await sandbox.break_("schema_drift")
        result = await run("schema_drift", sandbox, kill_at=step, **fault.parameters)
    verdicts = {"cause_found", "unreachable"} if step in ("investigate", "fix") else {"unreachable"}  # what was read before it went
    assert (result.document.broken, result.document.verdict in verdicts, (result.folder / "report.html").exists()) == (None, True, True)
