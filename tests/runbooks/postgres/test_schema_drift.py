"""schema_drift through papermill: what it proposes is text; without anything to compare with it says so."""


async def test_it_proposes_a_migration_and_changes_nothing(fresh_sandbox, run, catalog):
    """With apply too."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("schema_drift") as fault:
        before = await catalog(sandbox)
        result = await run("schema_drift", sandbox, apply=True, **fault.parameters)
        after = await catalog(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.applied, after == before) == (fault.subject, "cause_found", False, True)
    assert "ALTER TABLE orders ADD COLUMN discount_cents integer DEFAULT 0 NOT NULL;" in document.fix.patch


async def test_without_anything_to_compare_with_it_says_what_to_give(fresh_sandbox, run):
    """Undecided, not healthy."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        result = await run("schema_drift", sandbox)
    assert (result.document.verdict, "compare_database" in result.document.summary) == ("inconclusive", True), result.document.summary


async def test_the_same_schema_is_healthy(fresh_sandbox, run):
    """Compared with itself."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        result = await run("schema_drift", sandbox, compare_database="shop")
    assert (result.document.verdict, result.document.cause) == ("healthy", None)


async def test_a_server_killed_in_the_middle_still_ends_in_a_report(fresh_sandbox, run):
    """Run All reaches the report."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("schema_drift") as fault:
        result = await run("schema_drift", sandbox, kill_at="investigate", **fault.parameters)
    assert (result.document.broken, result.document.verdict, (result.folder / "report.html").exists()) == (None, "unreachable", True)
