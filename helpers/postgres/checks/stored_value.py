"""What is stored: one value, read by a query a person gives, to compare an answer with."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.results import CheckResult, Status

__all__ = ["StoredValue", "stored_value"]


@dataclass(frozen=True, slots=True)
class StoredValue:
    """The value as text; empty when there is none."""

    value: str


async def stored_value(postgres: Postgres, *, truth: str = "") -> CheckResult[StoredValue]:
    """Read one value.

    Args:
        postgres: The server; the query runs read-only, with its time limit.
        truth: The query; empty: SKIPPED.

    Returns:
        OK with the value as a row; UNKNOWN when the query gives none. Facts: `value`.
    """
    if not truth:
        return CheckResult(Status.SKIPPED, reason="There is no query of what is stored.", remedy="Give one as `truth`.")
    found = await postgres.value(truth)
    if found is None:
        return CheckResult(Status.UNKNOWN, reason="The query gives no value.", remedy="Let it give one row with one column.")
    return CheckResult(Status.OK, [StoredValue(str(found))], "One value is stored.", facts={"value": str(found)})
