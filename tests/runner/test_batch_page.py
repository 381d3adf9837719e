"""A batch's page in a real browser: it sorts and filters without a network, and hostile names are text."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from helpers.escaping import visible
from tests.report.test_browser import CHROMIUM, dumped
from tests.runner.test_batch_results import FOUND, HEALTHY, HOSTILE, batch

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")]

# A page beside it drives it in a frame: the page itself lets no other script run.
DRIVE = """
const d = document.querySelector("iframe").contentDocument, w = document.querySelector("iframe").contentWindow;
const runs = () => [...d.querySelectorAll("tbody tr")].filter((r) => !r.hidden).map((r) => r.cells[1].dataset.key);
const type = (text) => { const s = d.querySelector("#search"); s.value = text; s.dispatchEvent(new w.Event("input")); };
const said = { first: runs() };
d.querySelectorAll("th button")[1].click(); said.sorted = runs();
d.querySelectorAll("th button")[1].click(); said.reversed = runs();
type("HEALTHY p1"); said.words = runs(); type("");
d.querySelector(".chip[value=found]").click(); said.found = runs(); d.querySelector(".chip[value=found]").click();
d.querySelector(".chip[data-is=changed]").click(); said.changed = runs(); d.querySelector(".chip[data-is=changed]").click();
d.querySelector(".panel button[data-target=p1]").click(); said.target = runs(); said.shown = d.querySelector("#shown").textContent;
document.title = JSON.stringify(said);
"""


@pytest.fixture
def driven(tmp_path: Path) -> dict[str, Any]:
    """What was seen while the page was used."""
    batch(tmp_path, 1, {"b": FOUND, "a10": HEALTHY, "a9": HEALTHY, HOSTILE: HEALTHY})
    results = batch(tmp_path, 2, {"b": HEALTHY, "a10": HEALTHY, "a9": FOUND, HOSTILE: HEALTHY})
    frame = f'<iframe src="index.html" onload="eval(document.querySelector(\'#drive\').textContent)"></iframe><script type="text/plain" id="drive">{DRIVE}</script>'
    (results.folder / "driver.html").write_text(f"<!doctype html><title>-</title>{frame}")
    flags = ("--allow-file-access-from-files", "--virtual-time-budget=5000")
    dom = dumped((results.folder / "driver.html").as_uri(), tmp_path / "profile", *flags)
    found = re.search(r"<title>(\{.*?\})</title>", dom)
    assert found is not None, dom[:500]
    read: dict[str, Any] = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return read


def test_it_sorts_and_filters(driven: dict[str, Any]) -> None:
    """What wants a person first at first; by name with numbers in their order; by words, by kind, by change, by target."""
    hostile = visible(HOSTILE)
    assert driven == {
        "first": ["a9", "b", "a10", hostile],
        "sorted": [hostile, "a9", "a10", "b"],
        "reversed": ["b", "a10", "a9", hostile],
        "words": ["a10", hostile],
        "found": ["a9"],
        "changed": ["b", "a9"],
        "target": ["a10", hostile],
        "shown": "2 of 4 runs",
    }
