"""Patches keep everything else as it was, apply, and become branches that touch nobody's work."""

import ast

import pytest

from helpers import git
from helpers.errors import FixFailed
from tests.git.checkouts import checkout, patched
from tests.git.checkouts import git as run_git

UNBLOCK = {
    "a sleep in async code": (
        "import time\n\n\nasync def f():\n    # keep me\n    time.sleep( 1 )  # and me\n",
        3 + 3,
        ["await asyncio.sleep( 1 )  # and me", "# keep me", "import asyncio"],
    ),
    "a call with a subscript": (
        '"""Doc."""\nfrom __future__ import annotations\nimport requests\n\n\nasync def f(u):\n    return requests.get(u, params={"a": 1}).json()["ä"]\n',
        7,
        [
            '(await asyncio.to_thread(requests.get, u, params={"a": 1})).json()["ä"]',
            "from __future__ import annotations\nimport asyncio\nimport requests",
        ],
    ),
    "a call over lines": (
        "import subprocess\nimport asyncio\n\n\nasync def f():\n    done = subprocess.run(\n        ['x'],\n        check=True,\n    )\n    return done\n",
        6,
        ["done = await asyncio.to_thread(subprocess.run, ['x'],\n        check=True,)"],
    ),
    "two places that call it": (
        "import bcrypt\n\n\ndef hashed(p):\n    return bcrypt.hashpw(p, bcrypt.gensalt())\n\n\nasync def a(p):\n    return hashed(p)\n\n\nasync def b(p):\n    return [hashed(p)]\n",
        5,
        ["return await asyncio.to_thread(hashed, p)", "return [await asyncio.to_thread(hashed, p)]"],
    ),
}


@pytest.mark.parametrize("case", UNBLOCK)
async def test_the_call_is_awaited_and_all_else_stays(tmp_path, case):
    """It compiles, and git takes it."""
    text, line, expected = UNBLOCK[case]
    session = await checkout(tmp_path, {"pkg/mod.py": text})
    diff, files = await patched(tmp_path, session, git.unblock_call("pkg/mod.py", line))
    ast.parse(files["pkg/mod.py"])
    assert [one for one in expected if one not in files["pkg/mod.py"]] == [], files["pkg/mod.py"]
    removed = [row for row in diff.splitlines() if row.startswith("-") and not row.startswith("---")]
    assert len(removed) <= 5


async def test_after_the_patch_nothing_blocks(tmp_path):
    """The check that found it finds it no more."""
    main = "from fastapi import FastAPI\nimport time\napp = FastAPI()\n\n\n@app.get('/x')\nasync def x():\n    time.sleep(1)\n"
    session = await checkout(tmp_path, {"main.py": main})
    assert len((await git.blocking_calls(session)).rows) == 1
    await patched(tmp_path, session, git.unblock_call("main.py", 8))
    assert (await git.blocking_calls(session)).rows == []


async def test_a_line_without_a_call_is_refused_with_what_to_do(tmp_path):
    """The checkout may be another version."""
    session = await checkout(tmp_path, {"main.py": "x = 1\n"})
    with pytest.raises(FixFailed) as refused:
        await git.unblock_call("main.py", 1).preview(session)
    assert refused.value.remedy


async def test_a_branch_touches_neither_working_tree_nor_index(tmp_path):
    """Also with work that is not committed, and again; and it goes as it came."""
    session = await checkout(tmp_path, {"main.py": "import time\n\n\nasync def f():\n    time.sleep(1)\n", "other.py": "a = 1\n"})
    (tmp_path / "other.py").write_text("a = 2\n")
    (tmp_path / "new.py").write_text("b = 1\n")
    run_git(tmp_path, "add", "other.py")
    before = run_git(tmp_path, "status", "--porcelain"), (tmp_path / ".git" / "index").read_bytes()
    fix = git.unblock_call("main.py", 5)
    preview = await fix.preview(session)
    said = await fix.place(session, preview)
    again = await fix.place(session, preview)
    assert (said == again, (run_git(tmp_path, "status", "--porcelain"), (tmp_path / ".git" / "index").read_bytes()) == before) == (
        True,
        True,
    )
    branch = preview.inverse["branch"]
    assert "await asyncio.sleep(1)" in run_git(tmp_path, "show", f"{branch}:main.py")
    await fix.undo(session, preview.inverse)
    await fix.undo(session, preview.inverse)
    assert run_git(tmp_path, "branch", "--list", "runbook/*") == ""


async def test_a_branch_that_somebody_went_on_with_stays(tmp_path):
    """An undo deletes only what was made."""
    session = await checkout(tmp_path, {"main.py": "import time\n\n\nasync def f():\n    time.sleep(1)\n"})
    fix = git.unblock_call("main.py", 5)
    preview = await fix.preview(session)
    await fix.place(session, preview)
    run_git(tmp_path, "switch", "-q", preview.inverse["branch"])
    (tmp_path / "main.py").write_text("import asyncio\n")
    run_git(tmp_path, "commit", "-q", "-a", "-m", "mine")
    with pytest.raises(FixFailed, match="left as it is"):
        await fix.undo(session, preview.inverse)


async def test_a_checkouts_own_settings_run_nothing(tmp_path):
    """fsmonitor and hooks name programs: a question runs none of them."""
    session = await checkout(tmp_path, {"main.py": "import time\n\n\nasync def f():\n    time.sleep(1)\n"})
    marker = tmp_path.parent / f"{tmp_path.name}-ran"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    script.chmod(0o755)
    run_git(tmp_path, "config", "core.fsmonitor", str(script))
    run_git(tmp_path, "config", "core.hooksPath", str(tmp_path))
    (tmp_path / "ruff.py").write_text(f"open({str(marker)!r}, 'w')\n")
    (tmp_path / "reference-transaction").write_text(script.read_text())
    (tmp_path / "reference-transaction").chmod(0o755)
    await git.blocking_calls(session)
    fix = git.unblock_call("main.py", 5)
    await fix.place(session, await fix.preview(session))
    assert not marker.exists()
