"""Calls of other services: host, time-out and attempts as the code says them; and the patch that bounds them."""

import pytest

from helpers import git
from helpers.errors import FixFailed
from tests.git.checkouts import checkout, patched

CASES = {
    "httpx without": ("import httpx\nasync def f():\n    async with httpx.AsyncClient(timeout=None) as c:\n        return await c.get('https://pay.example/x')\n", "none", None, "pay.example"),
    "httpx as it comes": ("import httpx\nasync def f():\n    async with httpx.AsyncClient() as c:\n        return await c.get('https://pay.example/x')\n", "5 s", 5.0, "pay.example"),
    "httpx at the call": ("import httpx\nclass G:\n    def __init__(self):\n        self.c = httpx.AsyncClient(base_url='https://a.example')\n    async def f(self):\n        return await self.c.get('/x', timeout=1.5)\n", "1.5 s", 1.5, "a.example"),
    "requests as it comes": ("import requests\ndef f(url):\n    return requests.get(url)\n", "none", None, "url"),
    "aiohttp": ("import aiohttp\nasync def f():\n    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=8)) as s:\n        return await s.get('https://b.example')\n", "8 s", 8.0, "b.example"),
    "three attempts": ("import httpx\nN = 3\nasync def f():\n    async with httpx.AsyncClient(timeout=2) as c:\n        for _ in range(N):\n            await c.get('https://c.example')\n", "2 s", 6.0, "c.example"),
    "for ever": ("import httpx\nasync def f():\n    async with httpx.AsyncClient(timeout=2) as c:\n        while True:\n            await c.get('https://d.example')\n", "2 s", None, "d.example"),
    "each of a list": ("import httpx\nasync def f(urls):\n    async with httpx.AsyncClient(timeout=2) as c:\n        for u in urls:\n            await c.get(u)\n", "2 s", 2.0, "u"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_the_bound_is_what_the_code_says(tmp_path, case):
    """Or what the library does when nothing is said."""
    text, timeout, bound, host = CASES[case]
    rows = (await git.calls_without_timeout(await checkout(tmp_path, {"shop/gateway.py": text}))).rows
    assert [(row.timeout, row.bound_s, row.host) for row in rows] == [(timeout, bound, host)]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("httpx without", "AsyncClient(timeout=2)"),
        ("httpx as it comes", "c.get('https://pay.example/x', timeout=2)"),
        ("requests as it comes", "requests.get(url, timeout=2)"),
        ("aiohttp", "timeout=aiohttp.ClientTimeout(total=2)"),
        ("three attempts", "range(2)"),
    ],
)
async def test_the_patch_bounds_it(tmp_path, case, expected):
    """Two seconds in all, and at most one more attempt."""
    session = await checkout(tmp_path, {"shop/gateway.py": CASES[case][0]})
    line = (await git.calls_without_timeout(session)).rows[0].line
    _, files = await patched(tmp_path, session, git.bound_call("shop/gateway.py", line))
    assert expected in files["shop/gateway.py"]


async def test_what_is_bounded_already_is_left(tmp_path):
    """There is nothing to change in the code."""
    session = await checkout(tmp_path, {"shop/gateway.py": CASES["httpx at the call"][0]})
    with pytest.raises(FixFailed, match="bounded already"):
        await git.bound_call("shop/gateway.py", 6).preview(session)


async def test_a_call_in_a_transaction_is_seen(tmp_path):
    """Its locks are held meanwhile."""
    text = "import httpx\nasync def f(db):\n    async with db.transaction():\n        await httpx.AsyncClient().post('https://e.example')\n        async with httpx.AsyncClient() as c:\n            await c.post('https://e.example')\n"
    rows = (await git.calls_without_timeout(await checkout(tmp_path, {"shop/gateway.py": text}))).rows
    assert [row.in_transaction for row in rows] == [True]
