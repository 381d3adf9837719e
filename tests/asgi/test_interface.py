"""What the middleware leaves alone: other scopes, exceptions, loops that end, loops it does not know."""

import asyncio
import subprocess
import sys
import threading

import pytest

from helpers.asgi import RuntimeMiddleware
from tests.waiting import eventually

HTTP = {"type": "http", "method": "GET", "path": "/", "headers": []}


def watching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "runbook-watch"]


@pytest.fixture(autouse=True)
def alone():
    """The thread of a loop that ended does not outlive it by long."""
    eventually(lambda: not watching())


async def nothing(*_):
    return {"type": "http.request"}


@pytest.mark.parametrize("kind", ["websocket", "lifespan", "something.new"])
async def test_other_scopes_pass_through_as_they_are(kind):
    """The very objects, none wrapped."""
    met = []

    async def app(scope, receive, send):
        met.append((scope, receive, send))

    scope = {"type": kind}
    await RuntimeMiddleware(app)(scope, nothing, nothing)
    assert [tuple(map(id, one)) for one in met] == [(id(scope), id(nothing), id(nothing))]


async def test_an_exception_is_the_very_same():
    """Not wrapped, not logged."""
    error = LookupError("mine")

    async def app(scope, receive, send):
        raise error

    with pytest.raises(LookupError) as caught:
        await RuntimeMiddleware(app)(dict(HTTP), nothing, nothing)
    assert caught.value is error


async def test_the_thread_ends_with_the_lifespan():
    """Nothing is left behind."""

    async def app(scope, receive, send):
        assert len(watching()) == 1

    await RuntimeMiddleware(app)({"type": "lifespan"}, nothing, nothing)
    assert watching() == []


def test_one_application_on_several_loops_is_watched_on_each():
    """As a test client serves it: one loop after the other, and no thread outlives its own."""

    async def app(scope, receive, send):
        return None

    made = RuntimeMiddleware(app)
    for _ in range(3):
        asyncio.run(made(dict(HTTP), nothing, nothing))
        assert len(watching()) <= 1
    watching()[0].join(5)
    assert watching() == []


def test_a_loop_that_is_not_asyncio_is_served_and_not_watched():
    """Trio runs coroutines without an asyncio loop."""

    async def app(scope, receive, send):
        scope["answered"] = True

    scope, serving = dict(HTTP), None
    serving = RuntimeMiddleware(app)(scope, nothing, nothing)
    with pytest.raises(StopIteration):
        serving.send(None)
    assert (scope["answered"], watching()) == (True, [])


async def test_a_host_without_threads_serves_all_the_same(monkeypatch):
    """The watch is missing, the answer is not."""

    def refused(self):
        raise RuntimeError("can't start new thread")

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    sent = []

    async def send(message):
        sent.append(message["status"])

    monkeypatch.setattr(threading.Thread, "start", refused)
    await RuntimeMiddleware(app)(dict(HTTP), nothing, send)
    assert sent == [204]


@pytest.mark.parametrize("headers", [[(b"x-request-id", b"own")], [(b"x-request-id", b"own"), (b"vary", b"*")]])
async def test_an_id_that_the_application_gives_is_its_own(headers):
    """No second header."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(message):
        sent.append(message["headers"])

    await RuntimeMiddleware(app)(dict(HTTP), nothing, send)
    assert sent == [headers]


def test_importing_it_imports_nothing_heavy():
    """Applications import it: of this package and of its dependencies nothing else may come."""
    code = "import sys; before = set(sys.modules); import helpers.asgi; print(*sorted(set(sys.modules) - before), sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    others = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("_sysconfigdata")}
    assert {name for name in others if not name.startswith("helpers.asgi")} == {"helpers"}
