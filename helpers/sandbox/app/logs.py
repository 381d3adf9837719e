"""One JSON line per request and per error, in OpenTelemetry's words."""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections.abc import Awaitable, Callable

import structlog
from fastapi import Request, Response
from fastapi.responses import JSONResponse

__all__ = ["access_log", "configure_logs"]

log = structlog.stdlib.get_logger("shop")


def configure_logs(path: str, version: str) -> None:
    """Write JSON lines to `path`, or to stdout without one; each says which version of the service wrote it."""
    handler = logging.FileHandler(path) if path else logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("shop")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    runtime = logging.getLogger("runbook.runtime")
    runtime.handlers, runtime.propagate = [_as_json(path, version)], False
    runtime.setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            lambda _logger, _name, line: {**line, "service_version": version},
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _as_json(path: str, version: str) -> logging.Handler:
    """Lines of libraries that use the standard library's logging, in the same shape."""
    handler = logging.FileHandler(path) if path else logging.StreamHandler(sys.stdout)
    usual: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _name, line: {**line, "service_version": version},
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
            foreign_pre_chain=usual,
        )
    )
    return handler


async def access_log(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Log every request with its route, status and duration; answer 500 as JSON when a handler failed."""
    request_id = request.headers.get("x-request-id") or uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        request_id=request_id, http_request_method=request.method, url_path=request.url.path, url_query=request.url.query
    )
    started = time.perf_counter()
    try:
        response = await call_next(request)
    except Exception as error:  # the last line of defence: whatever it was, the caller gets an answer and the log its traceback
        log.exception("request failed", http_route=_route(request), error_type=type(error).__name__)
        response = JSONResponse({"detail": "Internal Server Error", "request_id": request_id}, status_code=500)
    duration_ms = round((time.perf_counter() - started) * 1000, 3)
    log.info("request", http_route=_route(request), http_response_status_code=response.status_code, duration_ms=duration_ms)
    response.headers["x-request-id"] = request_id
    return response


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return route.path if route else ""
