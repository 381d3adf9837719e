"""The application: `uvicorn helpers.sandbox.app.main:app`."""

from __future__ import annotations

import os

from fastapi import Depends, FastAPI

from helpers.asgi import RuntimeMiddleware
from helpers.sandbox.app.dependencies import lifespan, rate_limit
from helpers.sandbox.app.logs import access_log, configure_logs
from helpers.sandbox.app.routes import customers, flags, orders, reports, sessions
from helpers.sandbox.app.settings import Settings

__all__ = ["app", "create_app"]


def create_app(settings: Settings) -> FastAPI:
    """Return the application for these settings."""
    configure_logs(settings.access_log, settings.version)
    application = FastAPI(title="shop-api", version="1.4.2", lifespan=lifespan)
    application.state.settings = settings
    application.middleware("http")(access_log)
    if settings.runtime_interval_s:
        pools = {"postgres": lambda: application.state.pool, "redis": lambda: application.state.cache}
        application.add_middleware(RuntimeMiddleware, pools=pools, interval_s=settings.runtime_interval_s)
    for module in (orders, customers, reports, sessions, flags):
        application.include_router(module.router, dependencies=[Depends(rate_limit)])

    @application.get("/health")
    async def health() -> dict[str, str | int]:
        """Return that the process is alive; asks no other system."""
        return {"status": "ok", "version": application.version, "pid": os.getpid()}

    return application


app = create_app(Settings.from_environment())
