"""The web side of the receiver: three routes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from helpers.serve.desk import Desk
from helpers.serve.signing import may_read
from helpers.serve.worker import Pool

__all__ = ["application"]

Route = Callable[[Request], Awaitable[JSONResponse]]


def application(desk: Desk, pool: Pool) -> FastAPI:
    """Return the application: `POST /alerts`, `GET /healthz`, and `GET /status` for those who may read it.

    Args:
        desk: Who takes or refuses notifications.
        pool: Who looks into them, as long as the application runs.

    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        pool.start()
        yield
        await pool.stop()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/alerts", _alerts(desk), methods=["POST"], response_model=None)
    app.add_api_route("/healthz", _healthz(desk), methods=["GET"], response_model=None)
    app.add_api_route("/status", _status(desk), methods=["GET"], response_model=None)
    return app


def _alerts(desk: Desk) -> Route:
    async def alerts(request: Request) -> JSONResponse:
        try:
            answer = await desk.receive(dict(request.headers), request.stream())
        except ClientDisconnect:
            desk.counts.update(["refused", "refused_gone"])
            return JSONResponse({"refused": "gone"}, 400)
        return JSONResponse(dict(answer.content), answer.status, headers=dict(answer.headers))

    return alerts


def _healthz(desk: Desk) -> Route:
    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ending" if desk.intake.is_closed else "ok"})

    return healthz


def _status(desk: Desk) -> Route:
    async def status(request: Request) -> JSONResponse:
        if not may_read(dict(request.headers), desk.keys, now=desk.clock(), window_s=desk.limits.window_s):
            return JSONResponse({"refused": "unsigned"}, 401)
        return JSONResponse(desk.status())

    return status
