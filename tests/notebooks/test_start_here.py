"""The tour runs to its end against a private sandbox of its own."""

import json
from pathlib import Path

import nbformat

from helpers.contracts import Sample
from helpers.incident.looking import Samples
from helpers.report.pictures.latency_plot import plot_latency
from helpers.runner import execute
from helpers.sandbox.places import base_folder
from tests.waiting import eventually

TOUR = Path(__file__).parents[2] / "notebooks" / "1_start_here.ipynb"
FACTS = """
import json
print(json.dumps([s.summary.quantiles["p95"][1] for s in (healthy, broken, healed)] + [fault.subject, sandbox.name]))
"""


def outputs(notebook):
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


async def test_the_tour_names_what_it_broke_and_heals_it(tmp_path, monkeypatch):
    """Slow after the break, fast after the heal, the cause named by the dry run; no error, and its own sandbox ends with its kernel."""

    monkeypatch.setenv("RUNBOOK_SANDBOX", f"nobody-{tmp_path.name}")
    tour = nbformat.read(TOUR, 4)
    tour.cells.append(nbformat.v4.new_code_cell(FACTS, id="facts"))
    nbformat.write(tour, tmp_path / "tour.ipynb")
    result = await execute(tmp_path / "tour.ipynb", out=tmp_path / "incidents")
    shown = outputs(nbformat.read(result.folder / "notebook.ipynb", 4))
    healthy, broken, healed, subject, sandbox = json.loads(shown["facts"][0].text)
    pictures = [name for name, outs in shown.items() if any("image/svg+xml" in o.get("data", {}) for o in outs)]
    odd = [name for name, outs in shown.items() if any(o.output_type in ("error", "stream") for o in outs) and name != "facts"]
    assert (str(result.document.verdict), result.document.cause.subject, subject) == ("cause_found", subject, "orders(customer_id)")
    assert (healthy < broken, healed < broken, pictures, odd) == (True, True, ["probe", "break", "heal"], [])
    assert ("CREATE INDEX CONCURRENTLY" in str(shown["fix"]), (result.folder / "report.html").is_file()) == (True, True)
    eventually(lambda: not list(base_folder().glob(f"runbook-sandbox-*-{sandbox}")))


def test_a_picture_of_latency_is_svg_and_says_the_same_in_words():
    """A failed call and a set of one are drawn too."""
    many = Samples("GET /x", "ms", tuple(Sample(float(v), v / 10, v != 7) for v in range(1, 21)))
    one = Samples("GET /<b>", "ms", (Sample(0.0, 0.0),))
    picture = plot_latency(before=many, after=one, limit=5)
    assert ("<svg" in picture._repr_svg_(), "<b>" in picture._repr_svg_(), repr(picture).splitlines()[0]) == (
        True,
        False,
        "before: GET /x: 20 calls, p50 10.5 ms, p95 19.1 ms, 1 failed",
    )
