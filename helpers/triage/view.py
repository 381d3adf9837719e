"""The ranking as people read it: in a terminal, in a notebook, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from helpers.alerts import Alert
from helpers.escaping import html_table, visible
from helpers.redaction import redact, redact_value
from helpers.triage.finding import LATE, Finding, State
from helpers.triage.ranking import Ranked

__all__ = ["Board"]


@dataclass(frozen=True, slots=True)
class Board:
    """What triage says: the ranked rows, every walk's finding, what the log said, the seconds it took, and the alert that led here."""

    rows: Sequence[Ranked]
    findings: Sequence[Finding]
    log_said: str
    took_s: float
    alert: Alert | None = None

    @property
    def sound(self) -> list[Finding]:
        """The runbooks whose symptom is not there."""
        return [f for f in self.findings if f.state is State.SOUND]

    @property
    def unasked(self) -> list[Finding]:
        """The runbooks that could not be asked, with the reason."""
        return [f for f in self.findings if f.state is State.UNASKED]

    @property
    def wrong(self) -> list[Ranked]:
        """The rows that somebody feels, or that name a cause: all but those that stayed open."""
        return [row for row in self.rows if row.state != State.OPEN]

    @property
    def late(self) -> list[Finding]:
        """The runbooks that did not answer in time: while there are any, nothing is called clean."""
        return [f for f in self.findings if f.summary == LATE]

    @property
    def lost(self) -> list[Finding]:
        """The runbooks that a system did not answer: nothing is called clean then either."""
        return [f for f in self.findings if f.lost]

    @property
    def said(self) -> str:
        """One sentence."""
        checked = f"{len(self.sound)} runbooks see nothing of theirs, {len(self.unasked)} could not be asked"
        if self.late:
            checked += f", {len(self.late)} of them for want of time (look longer with --budget)"
        if self.lost:
            checked += f", {len(self.lost)} had no answer from a system"
        if not self.wrong:
            if self.rows:
                return f"No symptom that users feel is found; open: {', '.join(row.runbook for row in self.rows)}; {checked}."
            return f"Nothing is found to be wrong; {checked}." if self.sound else f"Nothing could be asked; {checked}."
        first = self.wrong[0]
        more = len({row.rank for row in self.wrong}) - 1
        named = f"{first.runbook}{f' ({first.subject})' if first.subject else ''}"
        how = "" if first.state == State.CAUSE else ", which a short look does not prove"
        return f"First: {named}{how}{f', and {more} more' if more else ''}; {checked}."

    def to_json(self) -> dict[str, Any]:
        """Return the ranking and every finding as JSON values, redacted."""
        said: dict[str, Any] = redact_value({
            "summary": self.said, "ranked": [asdict(row) for row in self.rows], "findings": [asdict(f) for f in self.findings],
            "log": self.log_said, "took_s": self.took_s, **({"alert": self.alert.as_data()} if self.alert else {}),
        })  # fmt: skip
        return said

    def lines(self) -> list[str]:
        """Return what a terminal shows, line by line, redacted."""
        lines = [*self.alert.lines(), ""] if self.alert else []
        for row in self.rows:
            lines += [f"   ↳ {row.runbook}: its symptom follows from this"] if row.follows_from else self._ranked(row)
        lines += [f"No sign of: {', '.join(f.runbook for f in self.sound)}"] if self.sound else []
        lines += [f"Not asked: {f.runbook}: {f.summary}" for f in self.unasked]
        return [redact(visible(line)) for line in lines]

    @staticmethod
    def _ranked(row: Ranked) -> list[str]:
        said = [f"{row.rank:>2} {row.runbook}{f' · {row.subject}' if row.subject else ''} [{row.state}]", f"     {row.summary}"]
        said += [f"     + {text}" for text in row.because[:4]] + [f"     − {text}" for text in row.against[:3]]
        return [*said, f"     → {row.command}"]

    def _repr_html_(self) -> str:
        ranked = [
            {"": "↳" if row.follows_from else row.rank, "runbook": row.runbook, "what": row.subject, "how sure": row.state,
             "evidence": "; ".join(row.because) or row.summary, "against": "; ".join(row.against), "next": row.command}
            for row in self.rows
        ]  # fmt: skip
        unasked = [{"not asked": f.runbook, "why": f.summary} for f in self.unasked]
        alerted = self.alert.lines() if self.alert else []
        sound = f"No sign of: {', '.join(f.runbook for f in self.sound) or 'nothing was sound'}."
        return redact(html_table("TRIAGE", [*alerted, self.said, self.log_said, sound], ranked) + html_table("", [], unasked))
