"""The report as an nbconvert format: found by its name, from a notebook's own outputs."""

import asyncio
import json
import sys

import nbformat.v4 as v4
import pytest
from nbconvert.exporters import get_export_names, get_exporter

from helpers.incident.views import MIME
from helpers.report import render
from helpers.report.exporter import IncidentReportExporter

from .conftest import Page


def notebook(*named, **metadata):
    """A notebook whose cells' outputs name incidents."""
    outputs = [v4.new_output("execute_result", data={MIME: name, "text/plain": "x"}, execution_count=1) for name in named]
    cells = [v4.new_markdown_cell("# Title"), *(v4.new_code_cell("incident.document()", outputs=[output]) for output in outputs)]
    return v4.new_notebook(cells=cells, metadata=metadata)


def exported(nb, path=""):
    body, resources = IncidentReportExporter().from_notebook_node(nb, {"metadata": {"path": str(path)}})
    return body, resources["output_extension"]


def test_jupyterlab_offers_it_by_name():
    """The entry point is registered and has the words of the menu."""
    found = get_exporter("incident_report")
    assert ("incident_report" in get_export_names(), found.export_from_notebook) == (True, "Incident report (HTML)")


def test_the_last_incident_of_the_outputs_is_reported(incident, tmp_path):
    """A notebook run twice gives the report of its last run."""
    folder = incident()
    nb = notebook({"id": "gone", "folder": str(tmp_path / "gone")}, {"id": folder.name, "folder": str(folder)})
    assert exported(nb) == (render(folder, "html").decode(), ".html")


def test_the_notebooks_metadata_names_it_too(incident):
    """Outputs cleared, the runner's metadata still leads to the incident."""
    folder = incident()
    assert exported(notebook(runbook={"id": folder.name, "folder": str(folder)}))[0] == render(folder, "html").decode()


def test_a_folder_moved_with_its_notebook_is_found(incident):
    """The notebook lies in the incident's folder: that one is meant."""
    folder = incident()
    nb = notebook({"id": folder.name, "folder": "/nowhere"})
    assert exported(nb, folder)[0] == render(folder, "html").decode()


@pytest.mark.parametrize(("named", "said"), [((), "names no incident"), (({"id": "i", "folder": "/nowhere"},), "is not there any more")])
def test_without_an_incident_the_notebook_is_shown_and_it_is_said(named, said):
    """No report is better said than guessed."""
    page = Page(exported(notebook(*named))[0])
    assert (said in page.text, "Title" in page.text) == (True, True)


def test_the_notebooks_own_cells_cannot_run_anything():
    """Scripts in cells and outputs are text or gone, secrets are masked."""
    nb = notebook()
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a>"
    outputs = [v4.new_output("display_data", data={"text/html": evil, "text/plain": evil, "application/javascript": "alert(1)"})]
    outputs.append(v4.new_output("stream", text="\x1b[31m" + evil + " token=hunter22 \u202e"))
    nb.cells += [v4.new_markdown_cell(evil), v4.new_code_cell("password = 'hunter22'", outputs=outputs), v4.new_raw_cell(evil)]
    body = exported(nb)[0]
    page = Page(body)
    attributes = {name for _, attrs in page.elements for name in attrs if name.startswith("on")}
    found = (page.tags & {"script", "img"}, attributes, "javascript:alert" in str(page.elements), "hunter22" in body, "\u202e" in body)
    assert found == (set(), set(), False, False, False)


async def test_it_works_on_the_command_line(incident, tmp_path):
    """`jupyter nbconvert --to incident_report` writes the report beside the notebook."""
    folder = incident()
    (tmp_path / "nb.ipynb").write_text(json.dumps(notebook({"id": folder.name, "folder": str(folder)})))
    command = [sys.executable, "-W", "ignore", "-m", "nbconvert", "--to", "incident_report", str(tmp_path / "nb.ipynb")]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    code = await asyncio.wait_for(process.wait(), 90)
    assert (code, (tmp_path / "nb.html").read_bytes()) == (0, render(folder, "html"))
