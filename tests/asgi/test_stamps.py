"""The route on SQL statements and on structlog's lines; who holds a pool's connections, on a real PostgreSQL."""

import logging
import urllib.parse
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest

from helpers.asgi import held_by_route, http_route, named_by_route, request_id, stamp, stamped, stamped_connection
from helpers.asgi.frames import own_code
from helpers.asgi.holders import holders_told
from helpers.asgi.requests import UnderWay, enter, leave

ROUTE = "GET /orders/{order_id}"
COMMENT = "/*route='GET%20%2Forders%2F%7Border_id%7D'*/"


@contextmanager
def serving(path="/orders/{order_id}", **more):
    """As inside of a request."""
    under_way, scope = UnderWay(), {"type": "http", "method": "GET", "route": SimpleNamespace(path=path), **more}
    token = enter(under_way.add(scope))
    try:
        yield
    finally:
        leave(token)
        under_way.remove(scope)


def test_a_statement_carries_the_route():
    """In sqlcommenter's form, behind it, before no semicolon."""
    with serving():
        assert stamped("select 1;\n") == f"select 1 {COMMENT}"


@pytest.mark.parametrize("statement", ["select 1 /* mine */", "select 1 -- mine"])
def test_a_statement_with_a_comment_is_left_as_it_is(statement):
    """As sqlcommenter demands."""
    with serving():
        assert stamped(statement) == statement


def test_outside_of_a_request_nothing_is_stamped():
    """Background work has no route."""
    assert (stamped("select 1"), request_id(), http_route(), stamp(None, "info", {"event": "e"})) == ("select 1", "", "", {"event": "e"})


@pytest.mark.parametrize("path", ["/a*/; drop table orders; --", "/it's", "/ä/{é}", "/%27", "/a\n*/"])
def test_a_comment_cannot_be_left(path):
    """Whatever the route is called."""
    with serving(path):
        inside = stamped("select 1").removeprefix("select 1 /*route='").removesuffix("'*/")
    assert ("*" in inside or "'" in inside, urllib.parse.unquote(inside)) == (False, f"GET {path}")


def test_structlog_lines_get_what_they_lack():
    """A line's own value stays."""
    with serving(headers=[(b"x-request-id", b"abc")]):
        assert stamp(None, "info", {"http_route": "mine"}) == {"http_route": "mine", "request_id": "abc"}


@pytest.fixture
async def pool(sandbox_server, request):
    arguments = {"min_size": 1, "max_size": 3, "server_settings": {"application_name": "shop"}, **request.param}
    async with asyncpg.create_pool(sandbox_server.postgres_dsn, **arguments) as made:
        yield made


@pytest.mark.parametrize("pool", [{"connection_class": stamped_connection(asyncpg.Connection)}], indirect=True)
async def test_the_server_sees_the_route_in_every_kind_of_statement(pool):
    """fetch, fetchval, fetchrow, prepared statements and cursors."""
    async with pool.acquire() as connection:
        with serving():
            text = "select current_query()"
            seen = [await connection.fetchval(text), (await connection.fetchrow(text))[0], (await connection.fetch(text))[0][0]]
            seen.append(await (await connection.prepare(text)).fetchval())
            async with connection.transaction():
                seen += [row[0] async for row in connection.cursor(text)]
    assert seen == [f"select current_query() {COMMENT}"] * 5


@pytest.mark.parametrize("pool", [{"setup": held_by_route}], indirect=True)
async def test_connections_are_counted_by_route_and_those_kept_are_told(pool):
    """A request that ended with a connection in hand, and the line that took it."""
    path_of = own_code(Path(__file__).parent)
    with serving():
        leaked = await pool.acquire()
    with serving("/reports"):
        async with pool.acquire():
            told = holders_told(pool, path_of)
    assert told["used_by_route"] == {ROUTE: 1, "GET /reports": 1}
    assert [(one["http_route"], one["code_file_path"], one["n"]) for one in told["kept"]] == [(ROUTE, Path(__file__).name, 1)]
    await pool.release(leaked)
    assert holders_told(pool, path_of) == {}


@pytest.mark.parametrize("pool", [{"setup": named_by_route}], indirect=True)
async def test_the_session_is_named_after_the_route_while_it_is_held(pool):
    """And has its own name again when it was given back."""
    with serving():
        async with pool.acquire() as connection:
            held = await connection.fetchval("select current_setting('application_name')")
    async with pool.acquire() as connection:
        after = await connection.fetchval("select current_setting('application_name')")
    assert (held, after) == (f"shop {ROUTE}", "shop")


def test_a_log_filter_lets_every_record_pass():
    """Also outside of a request."""
    from helpers.asgi import RequestStamp

    record = logging.makeLogRecord({"msg": "x"})
    assert (RequestStamp().filter(record), record.request_id, record.http_route) == (True, "", "")
