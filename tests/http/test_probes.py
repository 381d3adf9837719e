"""HTTP probes: bounded, honest about failures, and only ever safe methods."""

import asyncio
import time

import pytest

from helpers import http
from helpers.errors import ParameterError, Unreachable
from helpers.http.connect import open_session, parse_endpoint


async def server(handler):
    """A TCP server on a free port; returns (server, its address)."""
    running = await asyncio.start_server(handler, "127.0.0.1", 0)
    return running, f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"


class Counting:
    """Answers `status` to everything, and counts connections, requests and how many are under way at once."""

    def __init__(self, status=200, delay_s=0.01):
        self.status, self.delay_s = status, delay_s
        self.connections = self.requests = self.now = self.most = 0

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                self.now += 1
                self.most = max(self.most, self.now)
                await asyncio.sleep(self.delay_s)
                self.now -= 1
                writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 2\r\n\r\nok".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def measured(counting, probe):
    running, address = await server(counting)
    api = await open_session(address, application_name="test")
    try:
        return await probe.measure({"api": api}), api.footprint()
    finally:
        await api.close()
        running.close()


async def test_no_more_load_than_the_parameters_say():
    """Samples plus warm-up, never more at once than the concurrency."""
    counting = Counting()
    samples, footprint = await measured(counting, http.latency("GET /x?y=1", samples=20, concurrency=3, warmup=4))
    assert (len(samples), counting.requests, footprint["requests"], counting.most <= 3) == (20, 24, 24, True)


async def test_a_fresh_connection_for_each_request():
    """As many connections as requests."""
    counting = Counting()
    await measured(counting, http.latency("/", samples=6, warmup=0, fresh=True))
    assert (counting.connections, counting.requests) == (6, 6)


async def test_a_server_error_is_an_error_and_a_404_is_not():
    """5xx counts against the API; 4xx is the request's fault."""
    bad, _ = await measured(Counting(503), http.errors("/"))
    absent, _ = await measured(Counting(404), http.errors("/"))
    assert ({s.error for s in bad}, {s.ok for s in absent}) == ({"HTTP 503"}, {True})


async def test_a_request_that_hangs_counts_with_its_time_out():
    """A percentile must not be kind to what never came back."""
    samples, _ = await measured(Counting(delay_s=30), http.latency("/", samples=2, warmup=0, timeout_s=0.3))
    assert [(s.ok, s.value >= 300) for s in samples] == [(False, True), (False, True)]


async def test_the_budget_ends_the_sending():
    """What was measured by then is returned."""
    started = time.monotonic()
    samples, _ = await measured(Counting(delay_s=0.1), http.latency("/", samples=1000, concurrency=1, warmup=0, budget_s=0.5))
    assert (2 <= len(samples) < 20, time.monotonic() - started < 20) == (True, True)


async def test_no_api_is_unreachable():
    """Not a set of very fast samples."""
    running, address = await server(Counting())
    running.close()
    await running.wait_closed()
    api = await open_session(address, application_name="test")
    with pytest.raises(Unreachable):
        await http.latency("/", samples=3, warmup=0).measure({"api": api})
    with pytest.raises(Unreachable):
        await api.ping()
    await api.close()


@pytest.mark.parametrize("endpoint", ["POST /orders", "DELETE /x", "GET orders", "GET //evil.example/x", "GET /a b", "GET /a\r\nX: y"])
def test_an_unsafe_or_malformed_endpoint_is_refused(endpoint):
    """A probe repeats its request; it stays on its host."""
    with pytest.raises(ParameterError):
        http.latency(endpoint)


def test_an_endpoint_is_a_method_and_a_path():
    """GET when none is named."""
    assert (parse_endpoint("/a?b=c"), parse_endpoint("head /")) == (("GET", "/a?b=c"), ("HEAD", "/"))


async def test_samples_are_spread_over_the_time_that_was_asked():
    """None ends before its turn has come: what comes and goes is met."""
    samples, _ = await measured(Counting(), http.latency("/", samples=5, warmup=1, over_s=0.5))
    assert [s.at_s >= 0.1 * number for number, s in enumerate(sorted(samples, key=lambda s: s.at_s))] == [True] * 5
