"""integer_overflow through papermill: its neighbours are in the matrix; here what it leaves alone, and a server that goes."""

import pytest


async def test_it_proposes_and_changes_nothing_with_apply_too(fresh_sandbox, run, catalog):
    """The migration is text in the report; the catalog is what it was."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("integer_overflow") as fault:
        before = await catalog(sandbox)
        result = await run("integer_overflow", sandbox, apply=True)
        after = await catalog(sandbox)
        report = (result.folder / "report.html").read_text()
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert (document.fix.applied, "NOT VALID" in document.fix.patch, "page_view_tags" in document.fix.patch, after == before) == (
        False,
        True,
        True,
        True,
    )
    assert "VALIDATE CONSTRAINT" in report


async def test_a_sequence_behind_the_highest_id_is_not_it(fresh_sandbox, run):
    """Duplicate keys after a restore: INSERTs fail, and there is room."""
    import asyncpg

    async with fresh_sandbox(services=("postgres",)) as sandbox:
        owner = await asyncpg.connect(sandbox.postgres_dsn)
        await owner.execute("create table restored (id serial primary key); insert into restored select generate_series(1, 500)")
        await owner.close()
        result = await run("integer_overflow", sandbox)
    assert (result.document.verdict, result.document.cause) == ("healthy", None)


@pytest.mark.parametrize("step", ["reproduce", "investigate"])
async def test_a_server_killed_in_the_middle_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("integer_overflow")
        result = await run("integer_overflow", sandbox, kill_at=step)
    allowed = {"unreachable"} | ({"cause_found"} if step == "investigate" else set())  # what was read before it went
    assert (result.document.broken, result.document.verdict in allowed, (result.folder / "report.html").exists()) == (None, True, True)
