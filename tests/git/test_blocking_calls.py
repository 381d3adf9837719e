"""Calls that block are found in code of several styles that nobody here has seen, and look-alikes are not."""

import pytest

from helpers import git
from helpers.results import Status
from tests.git.checkouts import checkout

MAIN = """
from fastapi import Depends, FastAPI
from billing.api import invoices
app = FastAPI()
app.include_router(invoices.router, prefix="/v2")
"""
ROUTER = """
import anyio, asyncio, functools
from fastapi import APIRouter, Depends
{imports}
router = APIRouter(prefix="/invoices")
{before}
@router.get("/{{number}}")
async def read_invoice(number: int{parameters}):
    {body}
"""


async def found(tmp_path, *, body="return 1", imports="", before="", parameters="", **files):
    text = ROUTER.format(imports=imports, before=before, parameters=parameters, body=body)
    files = {name.replace("__", "/") + ".py": content for name, content in files.items()}
    session = await checkout(
        tmp_path,
        {"billing/__init__.py": "", "billing/main.py": MAIN, "billing/api/__init__.py": "", "billing/api/invoices.py": text, **files},
    )
    return await git.blocking_calls(session)


STYLES = {
    "in the handler": ({"body": "requests.get('http://x')", "imports": "import requests"}, "billing/api/invoices.py", "requests.get"),
    "under another name": ({"body": "pause(1)", "imports": "from time import sleep as pause"}, "billing/api/invoices.py", "time.sleep"),
    "a session of the module": (
        {"body": "return client.post('http://x')", "imports": "import requests", "before": "client = requests.Session()"},
        "billing/api/invoices.py",
        "requests.Session.post",
    ),
    "a function of another file": (
        {
            "body": "return render(number)",
            "imports": "from billing.pdf import render",
            "billing__pdf": "import subprocess\ndef render(n):\n    return subprocess.run(['x'])\n",
        },
        "billing/pdf.py",
        "subprocess.run",
    ),
    "two functions away": (
        {
            "body": "return one(number)",
            "imports": "from billing.a import one",
            "billing__a": "from .b import two\ndef one(n):\n    return two(n)\n",
            "billing__b": "import bcrypt\ndef two(n):\n    return bcrypt.hashpw(n, b'')\n",
        },
        "billing/b.py",
        "bcrypt.hashpw",
    ),
    "a method of an annotated parameter": (
        {
            "body": "return store.load(number)",
            "imports": "from billing.store import Store",
            "parameters": ", store: Store = Depends(Store)",
            "billing__store": "import urllib.request\nclass Store:\n    def load(self, n):\n        return urllib.request.urlopen('http://x')\n",
        },
        "billing/store.py",
        "urllib.request.urlopen",
    ),
    "an attribute made in the constructor": (
        {
            "body": "return await Gateway().pay(number)",
            "imports": "from billing.gateway import Gateway",
            "billing__gateway": "import requests\nclass Gateway:\n    def __init__(self):\n        self.http = requests.Session()\n    async def pay(self, n):\n        return self.http.put('http://x')\n",
        },
        "billing/gateway.py",
        "requests.Session.put",
    ),
    "a dependency": (
        {"imports": "import time", "before": "async def user():\n    time.sleep(1)\n", "parameters": ", who=Depends(user)"},
        "billing/api/invoices.py",
        "time.sleep",
    ),
}


@pytest.mark.parametrize("style", STYLES)
async def test_it_is_found_with_its_line_and_its_route(tmp_path, style):
    """And nothing else is."""
    arguments, file, call = STYLES[style]
    result = await found(tmp_path, **arguments)
    row = result.rows[0]
    assert (len(result.rows), row.file, row.call, row.routes, row.certain) == (1, file, call, ["GET /v2/invoices/{number}"], True)
    assert (
        call.rpartition(".")[2].split("_")[0] in (tmp_path / file).read_text().splitlines()[row.line - 1]
        or "pause" in call
        or style == "under another name"
    )


LOOKALIKES = {
    "on a thread": {"body": "return await asyncio.to_thread(time.sleep, 1)", "imports": "import time"},
    "by anyio": {"body": "return await anyio.to_thread.run_sync(functools.partial(time.sleep, 1))", "imports": "import time"},
    "in a def handler": {"before": "@router.get('/x')\ndef other():\n    time.sleep(1)\n", "imports": "import time"},
    "in a string": {"body": "return 'time.sleep(1)'"},
    "of an object of its own": {
        "body": "return clock.sleep(1)",
        "before": "class Clock:\n    def sleep(self, s):\n        return s\nclock = Clock()\n",
    },
    "defined and not called": {"body": "def later():\n        time.sleep(1)\n    return later", "imports": "import time"},
    "awaited httpx": {"body": "async with httpx.AsyncClient() as c:\n        return await c.get('http://x')", "imports": "import httpx"},
    "in a test": {"tests__test_x": "import time\nasync def test_x():\n    time.sleep(1)\n"},
}


@pytest.mark.parametrize("lookalike", LOOKALIKES)
async def test_a_lookalike_is_not(tmp_path, lookalike):
    """It does not block the loop."""
    result = await found(tmp_path, **LOOKALIKES[lookalike])
    assert (result.status, result.rows) == (Status.OK, []), result.rows


async def test_what_only_a_methods_name_tells_is_not_certain(tmp_path):
    """It is shown, and no cause rests on it."""
    result = await found(
        tmp_path, body="return anything.crunch(number)", parameters=", anything=None",
        billing__crunch="import time\nclass Cruncher:\n    def crunch(self, n):\n        time.sleep(n)\n",
    )  # fmt: skip
    assert [(row.file, row.certain) for row in result.rows] == [("billing/crunch.py", False)]


async def test_files_that_are_no_python_are_counted(tmp_path):
    """And the others are read."""
    result = await found(tmp_path, body="time.sleep(1)", imports="import time", billing__old="print 'python 2'\n")
    assert (result.facts["unread"], len(result.rows)) == (1, 1)
