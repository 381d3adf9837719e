"""A local stand-in for Upstash's REST interface, as its manual describes it, in front of a real Redis.

Imitated: `POST /` and `POST /pipeline`, the bearer token (401), errors as 400 or in their place of a pipeline, base64 on request, and
commands that the service does not have. Not imitated: its limits, its regions, its eventual consistency.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import redis.asyncio
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from redis.exceptions import NoPermissionError, ResponseError

TOKEN = "AX_tok-en=="
ABSENT = ("SLOWLOG", "LATENCY", "OBJECT", "CONFIG", "CLIENT", "MEMORY")


def encoded(value: Any, as_base64: bool) -> Any:
    if isinstance(value, list | tuple):
        return [encoded(item, as_base64) for item in value]
    if not isinstance(value, bytes | str):
        return value
    raw = value.encode() if isinstance(value, str) else value
    return "OK" if raw == b"OK" else base64.b64encode(raw).decode() if as_base64 else raw.decode("utf-8", "replace")


def application(url: str) -> FastAPI:
    app = FastAPI()
    client = redis.asyncio.Redis.from_url(url, single_connection_client=True)
    client.response_callbacks.clear()

    async def answer(command: list[Any], as_base64: bool) -> dict[str, Any]:
        if str(command[0]).upper() in ABSENT:
            return {"error": f"ERR Command is not available: '{command[0]}'. See the manual."}
        try:
            return {"result": encoded(await client.execute_command(*command), as_base64)}
        except NoPermissionError as error:
            return {"error": f"NOPERM {error}"}
        except ResponseError as error:
            return {"error": f"ERR {error}"}

    @app.post("/")
    async def one(request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "Unauthorized"}, 401)
        body = await answer(await request.json(), request.headers.get("upstash-encoding") == "base64")
        return JSONResponse(body, 400 if "error" in body else 200)

    @app.post("/pipeline")
    async def many(request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "Unauthorized"}, 401)
        as_base64 = request.headers.get("upstash-encoding") == "base64"
        return JSONResponse([await answer(command, as_base64) for command in await request.json()])

    return app


@contextlib.asynccontextmanager
async def upstash(url: str) -> AsyncIterator[str]:
    """Serve it in front of the Redis at `url`; yields its address with the token in it."""
    server = uvicorn.Server(uvicorn.Config(application(url), port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://:{TOKEN.replace('=', '%3D')}@127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
