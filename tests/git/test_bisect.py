"""The first bad revision: searched around what cannot be judged, and measured in a clone that leaves the checkout as it was."""

import asyncio
import random
import sys
import time
import urllib.error
import urllib.request

import pytest

from helpers.contracts import Sample
from helpers.git.bisecting.search import Answer, first_bad
from helpers.git.checks.bisect import bisect
from helpers.git.checks.commits import commits
from helpers.git.connect import open_session
from helpers.results import Status
from helpers.settings import DeployCommands
from tests.git.checkouts import checkout, git

SERVER = """import http.server, sys
import limits

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if limits.BAD else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
COMMANDS = DeployCommands(start=[sys.executable, "server.py", "{port}"], start_s=10.0)


@pytest.mark.parametrize("bad", range(64))
async def test_one_of_64_is_found_within_nine_although_two_cannot_be_judged(bad):
    """Wherever it is: the last is asked once, halving takes six, and each that does not build one more."""
    asked, broken = [], {31, 20} - {bad, bad - 1}

    async def ask(place):
        asked.append(place)
        return Answer.SKIP if place in broken else Answer.BAD if place >= bad else Answer.GOOD

    found = await first_bad(64, ask)
    assert (found.place, len(asked) <= 9) == (bad, True), asked


async def test_what_lies_between_skips_is_left_as_candidates():
    """No guess among them."""

    async def ask(place):
        return Answer.SKIP if place in (3, 4) else Answer.BAD if place >= 4 else Answer.GOOD

    assert (await first_bad(8, ask)).candidates == [3, 4, 5]


async def test_what_does_not_show_here_is_not_searched_for():
    """The last one is good; or the one before them all is bad too."""

    async def good(_):
        return Answer.GOOD

    async def bad(_):
        return Answer.BAD

    for ask in (good, bad):
        found = await first_bad(8, ask)
        assert (found.place, bool(found.why)) == (None, True)


def ask_all(address):
    """Twenty samples, one of ten of which fails by chance where all is well."""
    chance, samples = random.Random(5), []
    for _ in range(20):
        began = time.perf_counter()
        try:
            urllib.request.urlopen(address, timeout=5).close()
            ok = chance.random() > 0.1
        except OSError:
            ok = False
        samples.append(Sample((time.perf_counter() - began) * 1000, began, ok, "" if ok else "failed"))
    return samples


async def measure(address):
    """Samples of what runs there."""
    return await asyncio.to_thread(ask_all, address)


async def history(folder, count, bad, broken=()):
    """A checkout of `count` commits after the first; from `bad` on it fails, and `broken` ones do not start. Its hooks would leave a file."""
    session = await checkout(folder, {"server.py": SERVER, "limits.py": "BAD = False\n", ".gitattributes": "*.py filter=evil\n"})
    for name in ("post-checkout", "post-commit", "pre-commit"):
        hook = folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {folder.parent / 'hooked'}\n")
    shas = [git(folder, "rev-parse", "HEAD").strip()]
    for number in range(count):
        text = f"# {number}\nBAD = {number >= bad}\n"
        (folder / "limits.py").write_text(text if number not in broken else f"{text}import nothing_of_that_name\n")
        git(folder, "commit", "-qam", f"feat: {number}")
        shas.append(git(folder, "rev-parse", "HEAD").strip())
    for hook in (folder / ".git" / "hooks").glob("*-c*"):
        hook.chmod(0o755)
    git(folder, "config", "filter.evil.smudge", f"touch {folder.parent / 'filtered'}; cat")
    return session, shas


def state(folder):
    """What a person would see of their checkout."""
    told = [
        ("status", "--porcelain"),
        ("rev-parse", "HEAD"),
        ("for-each-ref",),
        ("config", "--list", "--local"),
        ("stash", "list"),
        ("worktree", "list"),
    ]
    return [git(folder, *each) for each in told]


async def test_the_commit_is_found_by_running_it_and_the_checkout_is_as_it_was(tmp_path):
    """With noise, with revisions that do not start, with unsaved work; no hook and no filter ran."""
    folder = tmp_path / "code"
    session, shas = await history(folder, 12, bad=7, broken=(5,))
    (folder / "unsaved.txt").write_text("work")
    before, said = state(folder), []
    listed = await commits(session, before=shas[0], now=shas[-1])
    result = await bisect(
        session, commits=listed, enabled=True, commands=lambda: COMMANDS, measure=measure, expect="error_pct < 40", progress=said.append
    )
    assert (result.status, result.facts["first_bad"], result.facts["builds"]) == (Status.PROBLEM, shas[8], len(said))
    assert "skip" in {row.answer for row in result.rows}
    assert result.facts["builds"] <= 6
    assert (state(folder), [path.name for path in tmp_path.iterdir()]) == (before, ["code"])


async def test_nothing_is_run_unless_it_is_asked_for(tmp_path):
    """The profile says how, and nobody asked."""
    session, shas = await history(tmp_path / "code", 2, bad=1)
    listed = await commits(session, before=shas[0], now=shas[-1])
    result = await bisect(session, commits=listed, commands=lambda: COMMANDS, measure=measure)
    assert result.status is Status.SKIPPED


async def test_an_interrupted_search_leaves_no_folder_and_no_process(tmp_path, monkeypatch):
    """Cancelled while it measures."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    session, shas = await history(tmp_path / "code", 2, bad=1)
    listed, reached = await commits(session, before=shas[0], now=shas[-1]), []
    started = asyncio.Event()

    async def hanging(address):
        reached.append(address)
        started.set()
        await asyncio.sleep(60)

    search = asyncio.ensure_future(bisect(session, commits=listed, enabled=True, commands=lambda: COMMANDS, measure=hanging))
    await asyncio.wait_for(started.wait(), 20)
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    with pytest.raises(urllib.error.URLError):
        await asyncio.to_thread(urllib.request.urlopen, reached[0], None, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["code"]


async def test_a_part_of_a_repository_and_a_submodule_are_no_hindrance(tmp_path):
    """The checkout is a folder within it; the submodule's address is never asked."""
    whole = tmp_path / "whole"
    await history(whole / "api", 1, bad=9)
    (whole / "api" / ".git").rename(tmp_path / "old")
    await checkout(whole, {"README.md": "x"})
    (whole / "api" / "limits.py").write_text("BAD = True\n")
    (whole / ".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch hooked"\n')
    git(whole, "commit", "-qam", "feat: bad")
    session = await open_session(str(whole / "api"), application_name="test")
    listed = await commits(session, before=git(whole, "rev-parse", "HEAD~1").strip(), now="main")
    result = await bisect(session, commits=listed, enabled=True, commands=lambda: COMMANDS, measure=measure, expect="error_pct < 40")
    assert (result.facts["first_bad"], [row.answer for row in result.rows]) == (git(whole, "rev-parse", "HEAD").strip(), ["bad", "good"])
