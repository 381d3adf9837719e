"""Who holds a pool's connections: the route, the line that took it, and whether the request it was taken for has ended since.

For asyncpg a `setup` callback, which the pool awaits at each acquire, in the acquirer's own task: `create_pool(…, setup=held_by_route)`. For
SQLAlchemy `watch_engine(engine)`. Without either, a pool is counted and nobody is named.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import starmap
from types import CodeType, FrameType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from helpers.asgi.requests import UnderWayRequest, current, route_of

__all__ = ["held_by_route", "holders_told", "kept_count", "named_by_route", "watch_engine"]

_FRAMES = 12  # asyncpg's own between its setup and whoever acquires are five
_FRAMES_ORM = 40
_NAME_BYTES = 63  # NAMEDATALEN - 1: PostgreSQL cuts application_name there


class _Spot(NamedTuple):
    """A line of code: which code, which line."""

    code: CodeType
    line: int


class _Held(NamedTuple):
    request: UnderWayRequest | None
    since: float
    stack: list[tuple[CodeType, int]]


_held: WeakKeyDictionary[Any, _Held] = WeakKeyDictionary()
_checked_out: WeakKeyDictionary[Any, WeakSet[Any]] = WeakKeyDictionary()


async def held_by_route(connection: Any) -> None:
    """Note for which request an asyncpg pool's connection is acquired; to be given to the pool as `setup`, or awaited in one."""
    _note(getattr(connection, "_holder", None), sys._getframe(1), _FRAMES)


async def named_by_route(connection: Any) -> None:
    """As `held_by_route`, and the server's session carries the route behind its `application_name` until it is given back.

    It costs one round trip for each acquire. asyncpg's own reset, at release, puts the name back.
    """
    _note(getattr(connection, "_holder", None), sys._getframe(1), _FRAMES)
    request = current()
    if request is not None:
        route = f" {route_of(request.scope)}".encode()
        name = "select set_config('application_name', left(current_setting('application_name'), $1) || $2, false)"
        shown = route[:_NAME_BYTES].decode(errors="ignore")
        await connection.execute(name, max(_NAME_BYTES - len(route), 0), shown)


def watch_engine(engine: Any) -> None:
    """Note for which request a connection of a SQLAlchemy engine (or AsyncEngine) is checked out. Raises ImportError without SQLAlchemy."""
    from sqlalchemy import event

    pool = getattr(engine, "sync_engine", engine).pool
    out: WeakSet[Any] = WeakSet()

    def checked_out(_connection: Any, record: Any, _proxy: Any) -> None:
        _note(record, sys._getframe(1), _FRAMES_ORM)
        out.add(record)

    def checked_in(_connection: Any, record: Any) -> None:
        out.discard(record)

    event.listen(pool, "checkout", checked_out)
    event.listen(pool, "checkin", checked_in)
    _checked_out[pool] = out


def _note(holder: Any, frame: FrameType | None, most: int) -> None:
    if holder is None:
        return
    stack: list[tuple[CodeType, int]] = []
    while frame is not None and len(stack) < most:
        stack.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    _held[holder] = _Held(current(), time.perf_counter(), stack)


def holders_told(pool: Any, path_of: Callable[[Any], str]) -> dict[str, Any]:
    """Return `used_by_route`, and of connections whose request has ended `kept` (each `http_route`, `code_file_path`, `code_line_number`, `n`, `oldest_ms`).

    Empty where nobody notes who acquires.
    """
    held = [one for holder in _in_use(pool) if (one := _held.get(holder)) is not None]
    if not held:
        return {}
    told: dict[str, Any] = {"used_by_route": dict(Counter(_route(one) for one in held).most_common(20))}
    if kept := _kept([one for one in held if one.request is not None and one.request.ended], path_of):
        told["kept"] = kept
    return told


def kept_count(pool: Any) -> int:
    """Return how many connections are in use whose request has ended; 0 where nobody notes who acquires."""
    held = (_held.get(holder) for holder in _in_use(pool))
    return sum(one is not None and one.request is not None and one.request.ended for one in held)


def _in_use(pool: Any) -> Iterable[Any]:
    holders = getattr(pool, "_holders", None)
    if holders is not None:
        return [holder for holder in list(holders) if not holder.is_idle()]
    pool = getattr(getattr(pool, "sync_engine", pool), "pool", pool)
    return list(_checked_out.get(pool, ()))


def _route(one: _Held) -> str:
    return route_of(one.request.scope) if one.request is not None else ""


def _kept(held: list[_Held], path_of: Callable[[Any], str]) -> list[dict[str, Any]]:
    now = time.perf_counter()
    groups: dict[tuple[str, str, int], list[float]] = {}
    for one in held:
        spot = next((spot for spot in starmap(_Spot, one.stack) if path_of(spot)), None)
        place = (path_of(spot), spot.line) if spot else ("", 0)
        groups.setdefault((_route(one), *place), []).append(now - one.since)
    keys = ("http_route", "code_file_path", "code_line_number")
    most = sorted(groups.items(), key=lambda group: -len(group[1]))[:20]
    return [{**dict(zip(keys, key, strict=True)), "n": len(ages), "oldest_ms": round(max(ages) * 1000)} for key, ages in most]
