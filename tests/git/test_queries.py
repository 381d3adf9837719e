"""Queries in loops, pairs of writes and files, in code that nobody here has seen; and their patches."""

import pytest

from helpers import git
from helpers.errors import FixFailed
from helpers.results import Status
from tests.git.checkouts import checkout, patched

LOOPED = {
    "a loop": "async def f(db, rows):\n    for r in rows:\n        await db.fetch('select a from b where c = $1', r)\n",
    "a comprehension": "async def f(db, rows):\n    return [await db.fetchrow('select a from b where c = $1', r) for r in rows]\n",
    "a gather": "import asyncio\nasync def f(db, rows):\n    return await asyncio.gather(*[db.fetchval('select a from b where c = $1', r) for r in rows])\n",
    "a function away": "async def one(db, r):\n    return await db.fetch(Q, r)\nQ = 'select a from b where c = $1'\nasync def f(db, rows):\n    return [await one(db, r) for r in rows]\n",
    "sqlalchemy": "from sqlalchemy import text\nasync def f(s, rows):\n    for r in rows:\n        await s.execute(text('select a from b where c = :c'), {'c': r})\n",
}
NOT_LOOPED = {
    "the loop's own rows": "async def f(db):\n    for r in await db.fetch('select a from b'):\n        print(r)\n",
    "a comprehension over its rows": "async def f(db):\n    return [dict(r) for r in await db.fetch('select a from b')]\n",
    "defined in a loop": "def f(db, rows):\n    for r in rows:\n        async def later():\n            await db.fetch('select 1', r)\n",
    "a dictionary": "def f(rows):\n    for r in rows:\n        {}.get('select')\n",
}


@pytest.mark.parametrize("case", LOOPED)
async def test_a_query_in_a_loop_is_found(tmp_path, case):
    """With its text."""
    rows = (await git.queries_in_loops(await checkout(tmp_path, {"app/m.py": LOOPED[case]}))).rows
    assert [row.sql.startswith("select a from b where c = ") for row in rows] == [True]


@pytest.mark.parametrize("case", NOT_LOOPED)
async def test_what_runs_once_is_not(tmp_path, case):
    """A loop's head is evaluated once."""
    assert (await git.queries_in_loops(await checkout(tmp_path, {"app/m.py": NOT_LOOPED[case]}))).rows == []


BOTH = "        a = await db.fetchval('insert into parents (x) values ($1) returning id', x)\n        await db.execute('insert into children (p) values ($1)', a)\n"
TOGETHER = "async def f(db, x):\n    async with db.transaction():\n" + BOTH
APART = "async def f(db, x):\n    if x:\n        # why\n" + BOTH + "    return x\n"


async def test_a_pair_of_writes_outside_a_transaction_is_found_and_wrapped(tmp_path):
    """And after the patch it is none."""
    session = await checkout(tmp_path, {"app/m.py": APART})
    (pair,) = (await git.multi_step_writes(session)).rows
    _, files = await patched(tmp_path, session, git.wrap_transaction("app/m.py", pair.line, pair.second_line))
    assert "        async with db.transaction():\n            a = await db.fetchval(" in files["app/m.py"]
    assert (await git.multi_step_writes(session)).status is Status.OK


async def test_a_pair_in_one_transaction_is_none(tmp_path):
    """Nor is one write, nor reads."""
    text = TOGETHER + "\n\nasync def g(db):\n    await db.fetch('select 1')\n    await db.execute('update parents set x = 1')\n"
    assert (await git.multi_step_writes(await checkout(tmp_path, {"app/m.py": text}))).rows == []


async def test_writes_by_two_connections_are_not_wrapped(tmp_path):
    """One transaction cannot hold both."""
    text = "async def f(a, b):\n    await a.executemany('insert into p (x) values ($1)', [])\n    await b.executemany('insert into c (x) values ($1)', [])\n"
    with pytest.raises(FixFailed, match="2 connections"):
        await git.wrap_transaction("app/m.py", 2, 3).preview(await checkout(tmp_path, {"app/m.py": text}))


async def test_the_files_are_those_of_the_checkout(tmp_path):
    """What git ignores is not."""
    session = await checkout(tmp_path, {"a.py": "", "b/c.py": "", ".gitignore": "d.py\n", "e.txt": ""})
    (tmp_path / "d.py").write_text("")
    assert [row.file for row in (await git.python_files(session)).rows] == ["a.py", "b/c.py"]


async def test_a_failing_request_becomes_a_test(tmp_path):
    """With its header; the commit of the line is named."""
    session = await checkout(tmp_path, {"app/m.py": "x = 1\n"})
    fix = git.keep_failing_request("app/m.py", 1, "ValueError", "GET /a?b='\"{c}, Accept-Language: de;q=x", "b with a quote")
    preview = await fix.preview(session)
    _, files = await patched(tmp_path, session, fix)
    (name,) = [name for name in files if name.startswith("tests/")]
    compile(files[name], name, "exec")
    assert ("'Accept-Language': 'de;q=x'" in files[name], any("git revert" in effect for effect in preview.effects)) == (True, True)


async def test_without_a_request_there_is_nothing_to_keep(tmp_path):
    """It says what would help."""
    session = await checkout(tmp_path, {"app/m.py": "x = 1\n"})
    with pytest.raises(FixFailed):
        await git.keep_failing_request("app/m.py", 1, "ValueError", "").preview(session)
