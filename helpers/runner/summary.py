"""What a batch leaves for people and for CI: index.html, results.parquet and junit.xml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from helpers.errors import SecretLeak
from helpers.runner.batches.results import Results, results_of
from helpers.runner.executor import Outcome
from helpers.runner.plan import Plan

__all__ = ["worst", "write_summary"]

_SEVERITY = (0, 1, 3, 2, 4)  # known trouble is better than unknown, unknown better than not started or broken


def worst(codes: list[int]) -> int:
    """Return the worst of the exit codes; 0 when there are none."""
    return max(codes, key=lambda code: _SEVERITY.index(code) if code in _SEVERITY else len(_SEVERITY), default=0)


def write_summary(folder: Path, plan: Plan, outcomes: Mapping[str, Outcome], attempts: Mapping[str, int], leaks: list[str]) -> Results:
    """Write all three into the batch's folder and return what they say; a run without an outcome was not run.

    One that would hold a known secret (a weak password may be a word of the page itself) is left out, and told in `leaks`.
    """
    from helpers.runner.batches.junit import write_junit
    from helpers.runner.batches.page import write_page
    from helpers.runner.batches.table import write_table

    results = results_of(folder, plan, outcomes, attempts)
    leaks.clear()
    for write in (write_page, write_table, write_junit):
        try:
            write(results)
        except SecretLeak as leak:
            leaks.append(leak.reason)
    return results
