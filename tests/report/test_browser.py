"""In a real browser: nothing others wrote runs, it is there to read, and a phone needs no sideways scrolling."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from helpers.escaping import visible
from helpers.report import write_reports
from helpers.report.fakes import write_incident

from .conftest import Page, flat
from .test_hostile import HOSTILE

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")]


def dumped(url, profile, *flags):
    """The document as the browser has it after loading."""
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *flags, "--dump-dom", url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.communicate(timeout=100)[0].decode("utf-8")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize("runbook", ["missing_index", "lock_contention"])
def test_hostile_text_is_text_in_a_browser(tmp_path, runbook):
    """Every hostile text at once: the title is ours, no element is theirs, and each can be read."""
    everything = " ".join(HOSTILE.values())
    folder = write_incident(tmp_path / f"20260703T031209Z-{runbook}-4e1f", "resolved", runbook, foreign=everything)
    html, _ = write_reports(folder)
    dom = dumped(html.as_uri(), tmp_path / "profile")
    page = Page(dom)
    title = re.search(r"<title>(.*?)</title>", dom)[1]
    unreadable = [name for name, text in HOSTILE.items() if flat(visible(text)).strip() not in page.text]
    assert (title.startswith("resolved: "), page.tags & {"script", "img", "link", "a-"}, unreadable) == (True, set(), [])


def test_a_phone_does_not_scroll_sideways(tmp_path):
    """At 390 pixels the page is as wide as the screen; wide tables scroll by themselves."""
    folder = write_incident(tmp_path / "20260703T031209Z-lock_contention-4e1f", "resolved", "lock_contention", foreign="x" * 300)
    html, _ = write_reports(folder)
    # A page beside it measures it in a frame: the report itself lets no script run.
    script = "const d=document.querySelector('iframe').contentDocument.documentElement;document.title=d.scrollWidth+'/'+d.clientWidth"
    frame = f'<iframe src="{html.name}" style="width:390px;height:900px;border:0" onload="{script}"></iframe>'
    (folder / "phone.html").write_text(f"<!doctype html><title>-</title>{frame}")
    dom = dumped((folder / "phone.html").as_uri(), tmp_path / "profile", "--allow-file-access-from-files", "--virtual-time-budget=5000")
    content, screen = re.search(r"<title>(\d+)/(\d+)</title>", dom).groups()
    assert content == screen
