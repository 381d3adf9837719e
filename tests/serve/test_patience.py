"""A connection on which no request arrives is closed; one that is being answered is not."""

import asyncio
import contextlib

import pytest
import uvicorn
from fastapi import FastAPI

from helpers.serve import running

HEAD = b"GET /slow HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
async def port(monkeypatch):
    """A server that waits for heads for a fifth of a second, with a route that takes longer."""
    monkeypatch.setattr(running, "HEAD_S", 0.2)
    app = FastAPI()

    @app.get("/slow")
    async def slow():
        await asyncio.sleep(0.6)
        return {}

    server = uvicorn.Server(uvicorn.Config(app, port=0, http=running._Patient, ws="none", lifespan="off", log_level="critical"))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def came_back(port, *parts, pause_s=0.05):
    """All that comes back until the other side closes, which it has to within three seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    async with asyncio.timeout(3):
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause_s)
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("parts", [[], [b"G"], [HEAD], [b"G"] * 20])
async def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(port, parts):
    """Whether nothing comes, a part, or a byte now and then."""
    assert (await came_back(port, *parts)).count(b" 200 OK") == 0


async def test_neither_is_that_of_a_second_request(port):
    """The first is answered, though it takes longer than a head may."""
    assert (await came_back(port, HEAD + b"\r\n", b"", HEAD, pause_s=0.4)).count(b" 200 OK") == 1
