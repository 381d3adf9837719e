"""The middleware: counts the requests under way, gives each its id, and starts the watch in the process that serves them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from helpers.asgi.requests import HEADER, UnderWay, enter, leave
from helpers.asgi.watch import Pools, Watch

__all__ = ["RuntimeMiddleware"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
log = logging.getLogger("runbook.runtime")


def answering(request_id: str, send: Send) -> Send:
    """Return `send`, which gives an answer that has none the request's id."""

    def answer(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            headers = message.get("headers") or ()
            for name, _ in headers:
                if name == HEADER:
                    return send(message)
            message = {**message, "headers": [*headers, (HEADER, request_id.encode())]}
        return send(message)

    return answer


class RuntimeMiddleware:
    """Writes what the process knows of itself to the logger `runbook.runtime`; what a request says and gets is left as it is.

    An answer without an `x-request-id` gets one: that of the request, or one made. `helpers.asgi.request_id` returns it anywhere in between.

    Args:
        app: The application it wraps.
        pools: Name → function that returns a connection pool (asyncpg, SQLAlchemy, redis-py) once there is one.
        interval_s: Seconds between two `runtime` lines.
        stall_ms: How long the event loop may stand still before that is a stall.
        slow_s: From which age on a request is one that takes long.
        root: Folder of the application's own code; default: the working folder.

    """

    def __init__(
        self,
        app: App,
        *,
        pools: Pools | None = None,
        interval_s: float = 5.0,
        stall_ms: float = 100.0,
        slow_s: float = 1.0,
        root: str | os.PathLike[str] | None = None,
    ) -> None:
        self.app = app
        self._pools = dict(pools or {})
        self._how: dict[str, Any] = {
            "interval_s": interval_s,
            "stall_s": stall_ms / 1000,
            "slow_s": slow_s,
            "root": Path(root or Path.cwd()),
        }
        self._under_way = UnderWay()
        self._watch: Watch | None = None
        self._seen: tuple[int, asyncio.AbstractEventLoop] | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection."""
        self._begin()
        if scope["type"] == "lifespan":
            try:
                await self.app(scope, receive, send)
            finally:
                self._end()
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        under_way = self._under_way
        request = under_way.add(scope)
        token = enter(request)
        try:
            await self.app(scope, receive, answering(request.request_id, send))
        finally:
            leave(token)
            under_way.remove(scope)

    def _begin(self) -> None:
        """A worker that was forked has no thread yet; an application may be served by several loops, one after the other."""
        try:
            here = os.getpid(), asyncio.get_running_loop()
        except RuntimeError:  # another library's loop: requests are served, and not watched
            return
        if here == self._seen:
            return
        forked = self._seen is not None and self._seen[0] != here[0]
        self._seen = here
        if forked:
            self._under_way = UnderWay()
        elif self._watch is not None:
            self._watch.close()
        self._watch = self._watching()

    def _watching(self) -> Watch | None:
        try:
            return Watch(self._under_way, self._pools, **self._how)
        except Exception:  # no further thread, for one: the application is served all the same
            log.exception("the runtime watch did not start, and the application goes on without it")
            return None

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.close()
        self._watch = self._seen = None
