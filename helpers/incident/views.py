"""What the loop's calls show in a notebook: one sentence and a colour, escaped and redacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.escaping import as_text, html_table, html_text, visible
from helpers.incident.document import IncidentDocument
from helpers.redaction import redact

__all__ = ["DocumentView", "StepView", "incident_html"]

_COLOURS = {"done": "#1a7f37", "skipped": "#6e7781", "unknown": "#9a6700", "failed": "#cf222e", "pending": "#6e7781"}
MIME = "application/vnd.runbook.incident+json"


@dataclass(frozen=True, slots=True)
class StepView:
    """How one step ended; `code` holds statements to read as they are."""

    step: str
    status: str
    summary: str
    code: str = ""

    def __repr__(self) -> str:
        return redact("\n".join(visible(line) for line in (f"{self.step} {self.status}: {self.summary}", *self.code.splitlines())))

    def _repr_html_(self) -> str:
        colour = _COLOURS.get(self.status, "#6e7781")
        code = f'<pre style="word-break:normal">{html_text(self.code)}</pre>' if self.code else ""
        return redact(as_text(f'<p><b style="color:{colour}">{self.step} {self.status}</b> {html_text(self.summary)}</p>{code}'))


@dataclass(frozen=True, slots=True)
class DocumentView:
    """The verdict, and where the report is."""

    folder: Path
    document: IncidentDocument

    def __repr__(self) -> str:
        return redact(visible(f"{self.document.verdict}: {self.document.summary}\n{self.folder / 'report.html'}"))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        links = " · ".join(f"<code>{name}</code>" for name in ("report.html", "report.md", "incident.json"))
        body = f"<p><b>{html_text(self.document.verdict)}</b> {html_text(self.document.summary)}</p>"
        page = redact(as_text(f"{body}<p>{html_text(self.folder)}: {links}</p>"))
        return {"text/html": page, "text/plain": repr(self), MIME: {"id": self.document.id, "folder": str(self.folder)}}


def incident_html(opened: Mapping[str, Any], systems: Mapping[str, str], *, apply: bool) -> str:
    """Return the opening view: which incident, whether it may change anything, and who answered."""
    how = "a fix WILL be applied, or kept as a branch where it is code" if apply else "dry run: nothing will be changed"
    lines = [f"{opened.get('id', '')} against the profile {opened.get('profile', '')}: {how}"]
    return redact(html_table("OPEN", lines, [{"system": name, "answer": answer} for name, answer in systems.items()]))
