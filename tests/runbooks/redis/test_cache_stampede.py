"""cache_stampede through papermill: its fault, a healthy server, its look-alikes, the undo, a server that goes."""

import pytest

from helpers.incident.recovery import undo

REDIS = {"systems": ("redis",)}
BOTH = {"systems": ("postgres", "redis")}


@pytest.mark.parametrize("variant", ["default", "hashes"])
async def test_it_names_the_prefix_and_spreads_its_keys(fresh_sandbox, run, variant):
    """Seen expiring, missed and made anew together; with the statement that everybody sends; the undo is taken."""
    async with fresh_sandbox(services=("postgres", "redis")) as sandbox, sandbox.fault("cache_stampede", variant=variant) as fault:
        result = await run("cache_stampede", sandbox, apply=True, **BOTH)
        undone, said, _ = await undo(result.folder)
        evidence = (result.folder / "evidence.jsonl").read_text()
    document = result.document
    assert (document.cause.subject if document.cause else "", document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (undone, "select body from tiles" in evidence) == (True, True), said
