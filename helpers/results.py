"""What a check returns, what an investigation concludes, and the rows both rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from helpers.escaping import html_table
from helpers.redaction import redact

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CheckResult", "Diagnosis", "Status", "row_dict"]

Row = TypeVar("Row")


class Status(StrEnum):
    """How a question ended. Never two of them folded into one: a dead database is not OK."""

    OK = "OK"
    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    SKIPPED = "SKIPPED"


def row_dict(row: Any) -> dict[str, Any]:
    """Return a row (frozen dataclass or mapping) as a plain dict, one level deep."""
    if is_dataclass(row) and not isinstance(row, type):
        return {f.name: getattr(row, f.name) for f in fields(row)}
    return dict(row)


@dataclass(frozen=True, slots=True)
class CheckResult(Generic[Row]):
    """The typed rows of one read-only question, with a status.

    `summary` is one sentence a person reads first. `reason` says why a question is UNKNOWN or SKIPPED,
    `remedy` what would make it answerable. An UNKNOWN or SKIPPED result may hold rows: what was learnt.
    `facts` are JSON values beside the rows (totals, thresholds, the method used).
    """

    status: Status
    rows: Sequence[Row] = ()
    summary: str = ""
    reason: str = ""
    remedy: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def frame(self) -> pd.DataFrame:
        """Return the rows as a DataFrame, one column per field; empty when there are none."""
        import pandas as pd

        pd.set_option("display.html.use_mathjax", False)  # `$1 … $2` in a statement is no formula
        return pd.DataFrame([row_dict(row) for row in self.rows])

    def _repr_html_(self) -> str:
        lines = [self.summary, self.reason, self.remedy]
        return redact(html_table(self.status.value, [line for line in lines if line], [row_dict(r) for r in self.rows]))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an investigation concluded, and what it would act on.

    `code` is the failure mode named: this runbook's own, another's (then the symptom is real but
    this runbook is not the one), or None. `status` is PROBLEM when a cause is named, OK when the
    examined thing is sound, UNKNOWN when the evidence does not decide.
    `subject` names the broken thing (`orders(customer_id)`); `target` holds JSON arguments for the
    fix, and `fix` names it where a runbook offers several; `because` the sentences the conclusion rests on, `against` those that speak against it.
    """

    status: Status
    code: str | None = None
    subject: str = ""
    summary: str = ""
    target: dict[str, Any] = field(default_factory=dict)
    because: Sequence[str] = ()
    against: Sequence[str] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    fix: str = ""

    def _repr_html_(self) -> str:
        head = f"{self.code}: {self.subject}" if self.code else "no cause named"
        rows = [{"": "for", "evidence": b} for b in self.because] + [{"": "against", "evidence": a} for a in self.against]
        return redact(html_table(self.status.value, [head, self.summary], rows))
