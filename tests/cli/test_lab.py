"""JupyterLab at a runbook: from Run All Cells to the exported report in a real browser, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from helpers.cli.lab_server import working_copy
from tests.waiting import eventually

RUNBOOK = str(Path(sys.executable).with_name("runbook"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
TOKEN = "a-token-for-this-test"
FOREIGN = {"argv": ["/nowhere/python", "{connection_file}"], "display_name": "Somebody else's", "language": "python"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def answers(port):
    try:
        return ask(port, "status")
    except OSError:
        return None


@contextmanager
def lab(folder, *arguments, **environment):
    """`runbook lab` in `folder`, at a terminal; yields its port and process, and kills what is left of it."""
    port = free_port()
    ours, terminal = os.openpty()
    own = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_", "JUPYTER"))}
    home = {"HOME": str(folder), "IPYTHONDIR": str(folder / ".ipython")}
    with (folder / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            [RUNBOOK, "lab", *arguments, "--no-browser", "--port", str(port), f"--IdentityProvider.token={TOKEN}"],
            cwd=folder, env={**own, **home, **environment}, stdin=terminal, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        eventually(lambda: answers(port) or process.poll() is not None, timeout_s=100)
        assert process.poll() is None, (folder / "lab.log").read_text()
        yield port, process
    finally:
        family = descendants(process)
        if process.poll() is None:
            process.terminate()
            process.wait(30)
        _, left = psutil.wait_procs(family, timeout=10)
        for straggler in left:
            straggler.kill()
        os.close(ours)
        os.close(terminal)
        assert left == []


def descendants(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def test_ctrl_c_ends_server_and_kernels_which_are_ours(tmp_path):
    """One Ctrl-C, no question; the kernel is this interpreter in the caller's folder, whatever else calls itself python3."""
    foreign = tmp_path / "foreign" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text(json.dumps(FOREIGN))
    with lab(tmp_path, JUPYTER_PATH=str(tmp_path / "foreign")) as (port, process):
        ask(port, "kernels", {"name": "python3"})
        kernels = [(k, k.exe(), k.cwd()) for k in descendants(process) if "ipykernel_launcher" in k.cmdline()]
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
        _, alive = psutil.wait_procs([k for k, _, _ in kernels], timeout=20)
    assert (code, alive, [(exe, cwd) for _, exe, cwd in kernels]) == (0, [], [(str(Path(sys.executable).resolve()), str(tmp_path))])


def test_a_runbook_by_name_is_a_working_copy(tmp_path):
    """What is run and saved in JupyterLab does not change the runbook itself."""
    source = Path(__file__).parents[2] / "runbooks" / "postgres" / "missing_index.ipynb"
    copy = working_copy(source, tmp_path / "incidents")
    assert (copy.parent, copy.name.startswith("missing_index-"), copy.read_bytes() == source.read_bytes()) == (
        tmp_path / "incidents" / "lab",
        True,
        True,
    )


def test_an_unknown_runbook_starts_nothing(tmp_path):
    """Exit 2, with the near miss."""
    done = subprocess.run([RUNBOOK, "lab", "missing_indx"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "missing_index" in done.stderr, list(tmp_path.iterdir())) == (2, True, [])


async def walk(page, port):
    """Run every cell, export the report; returns what the last cell says and the exported page."""
    await page.goto(f"http://127.0.0.1:{port}/?token={TOKEN}")
    await page.locator(".jp-NotebookPanel-toolbar").wait_for(timeout=90_000)
    await page.get_by_text("(ipykernel) | Idle").wait_for(timeout=90_000)
    await page.get_by_role("menuitem", name="Run", exact=True).click()
    await page.locator(".lm-Menu-item", has_text="Run All Cells").first.click()
    last = page.locator(".jp-OutputArea-output", has_text="report.html")
    await last.wait_for(timeout=150_000)
    said = await last.inner_text()
    await page.screenshot(path=os.environ.get("RUNBOOK_PICTURE") or None)
    await page.locator(".jp-WindowedPanel-outer").hover()
    while not await page.get_by_text("share_pct").count():
        await page.mouse.wheel(0, -300)
        await page.wait_for_timeout(100)
    await page.wait_for_timeout(1000)  # what is typeset is typeset late
    odd = await page.get_by_text("official Jupyter news").count() + await page.locator("mjx-container").count()
    await page.get_by_role("menuitem", name="File", exact=True).click()
    await page.locator(".lm-Menu-item", has_text="Save and Export Notebook As").hover()
    entry = page.locator(".lm-Menu-item", has_text="Incident_report")
    await entry.wait_for(timeout=30_000)
    async with page.expect_download(timeout=60_000) as expected:
        await entry.click()
    download = await expected.value
    return said, odd, Path(await download.path()).read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.timeout(400)
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
async def test_run_all_cells_reaches_the_report_and_the_export_is_it(tmp_path, fresh_sandbox):
    """JupyterLab at missing_index, without any parameter changed: the live traffic's worst statement names the cause."""
    playwright = pytest.importorskip("playwright.async_api", reason="the playwright package is not installed")
    async with fresh_sandbox(load_rps=20.0, rows=900_000) as sandbox:  # a scan of them is slow on a fast machine too
        await sandbox.break_("missing_index")
        with lab(tmp_path, "missing_index", RUNBOOK_SANDBOX=sandbox.name) as (port, _):
            async with playwright.async_playwright() as browsers:
                browser = await browsers.chromium.launch(executable_path=CHROMIUM, args=QUIET)
                said, odd, exported = await walk(await browser.new_page(viewport={"width": 1280, "height": 900}), port)
                await browser.close()
    (folder,) = (tmp_path / "incidents").glob("*-missing_index-*")
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert ("cause_found" in said, "orders(customer_id)" in said, str(folder) in said, odd) == (True, True, True, 0)
    assert (folder.name in exported, "<script" in exported, exported == report) == (True, False, True)
