"""The incident report as an nbconvert format: in JupyterLab under File → Save and Export Notebook As, and on the command line.

A notebook names its incident in the output of `incident.document()` (mime type below) or in its metadata. When it names none, or
the folder is gone, the page says so and shows the notebook's own cells, cleaned of everything that could run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter

from helpers.incident.views import MIME

__all__ = ["IncidentReportExporter"]


class IncidentReportExporter(Exporter):  # type: ignore[misc]
    """A notebook → its incident's report.html; `--to incident_report`."""

    export_from_notebook = "Incident report (HTML)"
    output_mimetype = "text/html"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.file_extension = ".html"

    def from_notebook_node(self, nb: Any, resources: Any = None, **settings: Any) -> tuple[str, Any]:
        """Return the page and nbconvert's resources.

        Args:
            nb: The notebook.
            resources: nbconvert's; `metadata.path` is the folder the notebook lies in.
            settings: nbconvert's own.

        """
        _, resources = super().from_notebook_node(nb, resources, **settings)
        named = _named(nb)
        folder = _folder(named, str(resources.get("metadata", {}).get("path", "")))
        if folder is None:
            from helpers.report.plain_page import notebook_page

            return notebook_page(nb, _why(named)), resources
        from helpers.report import render

        return render(folder, "html").decode(), resources


def _named(nb: Any) -> dict[str, Any] | None:
    """The last incident the notebook's outputs name, else the one in its metadata."""
    outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
    found = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
    named = found[-1] if found else nb.metadata.get("runbook")
    return dict(named) if isinstance(named, dict) and named.get("folder") else None


def _folder(named: dict[str, Any] | None, notebook_path: str) -> Path | None:
    """The incident's folder, also when it was moved together with its notebook."""
    if named is None:
        return None
    own = Path(notebook_path) if notebook_path else None
    candidates = [Path(str(named["folder"]))]
    if own is not None:
        candidates += [own / str(named["folder"]), *([own] if own.resolve().name == named.get("id") else [])]
    return next((folder for folder in candidates if (folder / "evidence.jsonl").is_file() or (folder / "incident.json").is_file()), None)


def _why(named: dict[str, Any] | None) -> str:
    if named is None:
        return "This notebook names no incident: it was not run to `incident.document()`, or its outputs were cleared."
    return f"This notebook names the incident {named.get('id', '')}, and its folder is not there any more: {named['folder']}"
