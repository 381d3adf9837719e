"""A light route is found, measured beside an endpoint, and compared with its neighbours: on servers whose loop is held up or not."""

import asyncio
import time

import pytest

from helpers import http
from helpers.http.connect import open_session
from helpers.http.light import ABSENT, light_path


class Serving:
    """Answers at once, but `/slow`: which waits (or holds the whole loop up) for a while; without `health` that route is not there."""

    def __init__(self, *, blocks, health=True):
        self.blocks, self.health, self.asked = blocks, health, []

    async def __call__(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode()
                self.asked.append(path)
                if path.startswith("/slow"):
                    time.sleep(0.2) if self.blocks else await asyncio.sleep(0.4)
                status = 200 if path.startswith("/slow") or (path == "/healthz" and self.health) else 404
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def serve(serving, ready, stop):
    """Run the server on a thread of its own: a loop that is held up must not be the test's."""

    async def run():
        server = await asyncio.start_server(serving, "127.0.0.1", 0)
        ready(server.sockets[0].getsockname()[1])
        while not stop():
            await asyncio.sleep(0.05)
        server.close()

    asyncio.run(run())


@pytest.fixture
async def served():
    import threading

    stops, threads = [], []

    async def start(serving):
        port, stop = [], threading.Event()
        thread = threading.Thread(target=serve, args=(serving, port.append, stop.is_set), daemon=True)
        thread.start()
        stops.append(stop)
        threads.append(thread)
        while not port:
            await asyncio.sleep(0.01)
        return await open_session(f"http://127.0.0.1:{port[0]}", application_name="test")

    yield start
    for stop, thread in zip(stops, threads, strict=True):
        stop.set()
        await asyncio.to_thread(thread.join, 5)


@pytest.mark.parametrize(("health", "expected"), [(True, "/healthz"), (False, ABSENT)])
async def test_a_liveness_route_is_found_else_a_path_that_is_not_there(served, health, expected):
    """A 404 is answered by the router itself."""
    api = await served(Serving(blocks=False, health=health))
    assert (await light_path(api), await light_path(api, "/own")) == (expected, "/own")
    await api.close()


@pytest.mark.parametrize(("blocks", "shape"), [(True, "every"), (False, "only")])
async def test_neighbours_wait_only_where_the_loop_is_held_up(served, blocks, shape):
    """One slow route among quick ones is no blocked loop."""
    api = await served(Serving(blocks=blocks))
    found = await http.neighbours(api, endpoint="GET /slow", window_s=2.0)
    await api.close()
    assert (found.facts["shape"] in {shape, "before"}, bool(found.rows)) == (True, True), found.summary  # a busy machine makes all wait


async def test_the_light_route_is_measured_beside_the_endpoint(served):
    """Both are asked, and the light one's times are the samples."""
    serving = Serving(blocks=True)
    api = await served(serving)
    samples = await http.light_latency("GET /slow?x=1", samples=20, over_s=2.0).measure({"api": api})
    await api.close()
    assert (len(samples), "/slow?x=1" in serving.asked, max(sample.value for sample in samples) > 100) == (20, True, True)
