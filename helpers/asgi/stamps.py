"""The request's id and route on what it leaves behind: log records, SQL statements."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any, TypeVar
from urllib.parse import quote

from helpers.asgi.requests import http_route, request_id

__all__ = ["RequestStamp", "stamp", "stamped", "stamped_connection"]

Connection = TypeVar("Connection")
_STATEMENTS = ("execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval", "prepare", "cursor")


class RequestStamp(logging.Filter):
    """Puts `request_id` and `http_route` on every record of the handler (or logger) it is added to; it lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True, with the record stamped."""
        record.request_id, record.http_route = request_id(), http_route()
        return True


def stamp(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return structlog's line with `request_id` and `http_route`, where it has none of its own; a processor for `structlog.configure`."""
    if found := request_id():
        line.setdefault("request_id", found)
        line.setdefault("http_route", http_route())
    return line


def stamped(statement: str, *, ids: bool = False) -> str:
    """Return the statement with `/*route='GET%20%2Forders'*/` behind it, outside of a request and with a comment of its own unchanged.

    Args:
        statement: SQL.
        ids: Put the request's id in, too. Every request's statement is then another text: a driver's cache of prepared statements is of no
            use any more, so this is for an hour of searching, not for ever.

    Source: sqlcommenter, specification (google.github.io/sqlcommenter/spec).
    """
    route = http_route()
    if not route or "/*" in statement or "--" in statement:
        return statement
    more = f"request_id='{quote(request_id(), safe='')}'," if ids else ""
    return f"{statement.rstrip().rstrip(';')} /*{more}route='{quote(route, safe='')}'*/"


def stamped_connection(base: type[Connection], *, ids: bool = False) -> type[Connection]:
    """Return a subclass of `asyncpg.Connection` whose statements are `stamped`: `create_pool(…, connection_class=stamped_connection(asyncpg.Connection))`.

    The cache of prepared statements (`statement_cache_size`, 100 for each connection) then holds one entry for each statement and route.
    """

    def method(name: str) -> Any:
        plain = getattr(base, name)

        def stamping(self: Any, statement: str, *arguments: Any, **more: Any) -> Any:
            return plain(self, stamped(statement, ids=ids), *arguments, **more)

        stamping.__name__, stamping.__doc__ = name, plain.__doc__
        return stamping

    return type(f"Stamped{base.__name__}", (base,), {"__slots__": (), **{name: method(name) for name in _STATEMENTS}})
