"""The triage notebook through papermill: the same answer as the command's, and its report."""

from pathlib import Path

import pytest

from helpers.incident.evidence import read_evidence

PAYLOAD = Path(__file__).parents[1] / "alerts" / "payloads" / "alertmanager.json"


@pytest.mark.timeout(180)
async def test_the_notebook_ranks_and_its_report_shows_the_alert(fresh_sandbox, run):
    """Something is wrong, and which runbook fits is named."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("memory_full") as fault:
        result = await run("triage", sandbox, systems=("redis",), budget_s=60.0, alert=str(PAYLOAD))
    document, report = result.document, (result.folder / "report.md").read_text()
    assert (document.broken, document.verdict, document.other) == (None, "other_cause", "memory_full"), document.summary
    first = next(record.data for record in read_evidence(result.folder) if record.kind == "ranked")
    assert (first["subject"] == fault.subject, "alertmanager" in report.lower(), "runbook run memory_full" in report) == (True, True, True)
