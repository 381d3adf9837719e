"""`python -m helpers.sandbox.edge SETTINGS.json`: serve one deployment until the process ends.

The settings: `folder` (the built application), `port`, `command` (with `{port}`), `environment` (the function's), `drain` (`file`, and `url`
with `secret` for a receiver), `about` (what every entry of the drain says), `limit_s` (of functions that state none), `platform` (the file from
which the imitated REST API answers).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from helpers.sandbox.edge.drain import Drain
from helpers.sandbox.edge.function import Function
from helpers.sandbox.edge.platform_api import platform_api
from helpers.sandbox.edge.proxy import Edge
from helpers.sandbox.edge.routes import Routes

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PURGE = "/_edge/purge"  # what `vercel cache purge` asks the platform for; this path is the imitation's own


def application(settings: dict[str, Any]) -> Starlette:
    """Return the edge as an ASGI application."""
    folder = Path(settings["folder"])
    to = settings["drain"]
    drain = Drain(Path(to["file"]), settings["about"], url=to.get("url", ""), secret=to.get("secret", ""))
    edge = Edge(Routes(folder / ".next", settings["limit_s"]), drain)
    function = edge.function = Function(folder, settings["command"], settings["environment"], edge.spoken, edge.ended)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(drain.run())
        await function.ready()
        yield
        task.cancel()
        await function.close()

    async def purge(_: Request) -> Response:
        return JSONResponse({"purged": edge.cache.purge()})

    routes = [Route(PURGE, purge, methods=["POST"]), *([platform_api(Path(settings["platform"]))] if settings.get("platform") else [])]
    return Starlette(routes=[*routes, Route("/{path:path}", edge.answer, methods=_METHODS)], lifespan=lifespan)


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    uvicorn.run(application(given), host="127.0.0.1", port=given["port"], log_level="warning", access_log=False)
