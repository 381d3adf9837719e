"""Delta debugging finds what matters, and stops when it must; smallest_request on a real server."""

import asyncio
import random
from urllib.parse import parse_qsl, urlsplit

import pytest

from helpers import http
from helpers.http.connect import open_session
from helpers.http.minimise import ddmin
from helpers.results import Status


@pytest.mark.parametrize("seed", range(20))
async def test_what_is_left_is_what_is_needed(seed):
    """Any one to three parts of many, and nothing else."""
    choose = random.Random(seed)
    parts = list(range(choose.randint(1, 24)))
    needed = set(choose.sample(parts, min(len(parts), choose.randint(1, 3))))

    async def fails(kept):
        return needed <= set(kept)

    left, _ = await ddmin(parts, fails, 500)
    assert set(left) == needed


async def test_it_stops_when_the_tries_are_used_up():
    """What is left still fails."""
    tried = []

    async def fails(kept):
        tried.append(kept)
        return {3, 17} <= set(kept)

    left, tries = await ddmin(list(range(30)), fails, 5)
    assert (tries, len(tried), {3, 17} <= set(left)) == (5, 5, True)


async def test_what_fails_without_anything_needs_nothing():
    """A route that is broken for everybody."""

    async def fails(kept):
        return True

    assert (await ddmin([1, 2, 3], fails, 10))[0] == []


class Breaking:
    """Answers 500 when `wrong(query, headers)`; counts requests and keeps their methods."""

    def __init__(self, wrong):
        self.wrong, self.asked = wrong, []

    async def __call__(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if ":" in line)}
        self.asked.append(method)
        status = 500 if self.wrong(dict(parse_qsl(urlsplit(target).query, keep_blank_values=True)), headers) else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok".encode())
        await writer.drain()
        writer.close()


async def smallest(wrong, request, **arguments):
    breaking = Breaking(wrong)
    server = await asyncio.start_server(breaking, "127.0.0.1", 0)
    api = await open_session(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", application_name="test")
    try:
        return await http.smallest_request(api, request=request, **arguments), breaking
    finally:
        await api.close()
        server.close()


async def test_only_the_parameter_that_matters_stays():
    """With the plainest value that fails."""
    found, breaking = await smallest(lambda query, _: query.get("page") == "0", "GET /list?sort=new&page=0&lang=de&size=50")
    assert (found.rows[0].request, found.rows[0].always, sorted(found.rows[0].without)) == (
        "GET /list?page=0",
        True,
        ["lang=de", "size=50", "sort=new"],
    )
    assert (len(breaking.asked) <= 30, set(breaking.asked)) == (True, {"GET"})


async def test_a_header_that_matters_stays():
    """And the query does not."""
    found, _ = await smallest(
        lambda _, headers: "q=high" in headers.get("accept-language", ""),
        "GET /list?page=1",
        headers={"accept-language": "de;q=high", "x-any": "1"},
    )
    assert found.rows[0].request == "GET /list, accept-language: de;q=high"


async def test_what_does_not_fail_or_not_always_is_said():
    """No smaller request is made up."""
    fine, _ = await smallest(lambda *_: False, "GET /list?page=1")
    coin = iter([True, False] * 40)
    flaky, _ = await smallest(lambda *_: next(coin), "GET /list?page=1")
    assert (fine.status, flaky.rows[0].always) == (Status.OK, False)


@pytest.mark.parametrize("request_", ["", "POST /orders", "DELETE /orders/1"])
async def test_a_method_that_may_change_something_is_never_repeated(request_):
    """Not even once."""
    found, breaking = await smallest(lambda *_: True, request_)
    assert (found.status, breaking.asked) == (Status.SKIPPED, [])
