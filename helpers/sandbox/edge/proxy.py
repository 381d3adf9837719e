"""One request through the edge: the shared cache, the function with its limit, the answer's headers, and the drain's entry."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from helpers.sandbox.edge.drain import Drain
from helpers.sandbox.edge.function import Function
from helpers.sandbox.edge.routes import Routes
from helpers.sandbox.edge.shared_cache import Kept, SharedCache, for_clients

__all__ = ["Edge"]

REGION, FUNCTION_REGION = "fra1", "iad1"
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-encoding", "content-length", "date", "server"}
_STATUS = {"FUNCTION_INVOCATION_TIMEOUT": 504, "FUNCTION_INVOCATION_FAILED": 500}


@dataclass
class Edge:
    """What serves one deployment."""

    routes: Routes
    drain: Drain
    cache: SharedCache = field(default_factory=SharedCache)
    function: Function | None = None
    under_way: dict[str, dict[str, Any]] = field(default_factory=dict)

    def spoken(self, request_id: str | None, stream: str, text: str) -> None:
        """Take what the function wrote into the drain."""
        about = self.under_way.get(request_id or "", {})
        level = "error" if stream == "stderr" else "info"
        self.drain.add(source="lambda", type=stream, level=level, message=text, requestId=request_id, **about)

    def ended(self, code: int) -> None:
        """Tell the drain that the function's process ended by itself."""
        words = f"Node.js process exited with exit status: {code}. The logs above can help with debugging the issue."
        self.drain.add(source="lambda", type="fatal", level="fatal", message=words)

    async def answer(self, request: Request) -> Response:
        """Return what a client gets."""
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        request_id = f"{REGION}::{FUNCTION_REGION}::{secrets.token_hex(5)}-{int(time.time() * 1000)}-{secrets.token_hex(6)}"
        kept, state = self.cache.find(request.method, target, headers)
        if kept is not None:
            if state == "STALE":
                again = asyncio.create_task(self._call(request, target, headers, b"", request_id + "-r"))
                again.add_done_callback(lambda task: task.exception())
            return self._told(request, target, self._from(kept), request_id, state, cache_id=kept.request_id)
        body = await request.body()
        return self._told(request, target, await self._call(request, target, headers, body, request_id), request_id, None)

    async def _call(self, request: Request, target: str, headers: dict[str, str], body: bytes, request_id: str) -> Response:
        """Return the function's answer, or the platform's own in its place."""
        route = self.routes.of(request.url.path)
        self.under_way[request_id] = {"path": route.shape, "proxy": self._proxy(request, target)}
        try:
            async with asyncio.timeout(route.limit_s):
                got = await self._forward(request.method, target, headers, body, request_id)
        except TimeoutError:
            self.drain.add(
                source="lambda", type="stderr", level="error", requestId=request_id, **self.under_way[request_id],
                message=f"Vercel Runtime Timeout Error: Task timed out after {route.limit_s:g} seconds",
            )  # fmt: skip
            return _platform("FUNCTION_INVOCATION_TIMEOUT", request_id)
        except (httpx.HTTPError, ConnectionError):
            return _platform("FUNCTION_INVOCATION_FAILED", request_id)
        finally:
            self.under_way.pop(request_id, None)
        headers_out = tuple((n, v) for n, v in got.headers.multi_items() if n.lower() not in _HOP)
        self.cache.offer(request.method, target, headers, got.status_code, headers_out, got.content, request_id)
        return _made(got.status_code, headers_out, got.content)

    async def _forward(self, method: str, target: str, headers: dict[str, str], body: bytes, request_id: str) -> httpx.Response:
        if self.function is None or not await self.function.ready():
            raise ConnectionError("the function did not start")
        sent = {n: v for n, v in headers.items() if n not in _HOP and n != "host"} | {"x-vercel-id": request_id}
        sent |= {"x-forwarded-host": headers.get("host", ""), "x-forwarded-proto": "http", "accept-encoding": "identity"}
        url = f"http://127.0.0.1:{self.function.port}{target}"
        return await self.function.client.request(method, url, headers=sent, content=body, timeout=None)

    def _told(
        self, request: Request, target: str, answer: Response, request_id: str, state: str | None, cache_id: str | None = None
    ) -> Response:
        """Finish an answer's headers, and write the request into the drain."""
        origin = answer.headers.get("x-nextjs-cache")
        static = "x-nextjs-prerender" in answer.headers
        said = state or ("PRERENDER" if static and origin == "HIT" else origin if origin in ("HIT", "STALE") else "MISS")
        code = answer.headers.get("x-vercel-error")
        answer.headers["x-vercel-id"], answer.headers["x-vercel-cache"] = request_id, said
        if "cache-control" in answer.headers:
            answer.headers["cache-control"] = for_clients(answer.headers["cache-control"])
        crashed = code == "FUNCTION_INVOCATION_FAILED"
        proxy = self._proxy(request, target) | {"statusCode": answer.status_code, "vercelCache": said, "vercelId": request_id}
        proxy |= {"responseByteSize": len(bytes(answer.body))} | ({"cacheId": cache_id} if cache_id else {})
        self.drain.add(
            source="lambda" if said == "MISS" else "static", level="error" if answer.status_code >= 500 else "info", message="",
            statusCode=-1 if crashed else answer.status_code, requestId=request_id, proxy=proxy, path=self.routes.of(request.url.path).shape,
        )  # fmt: skip
        return answer

    def _proxy(self, request: Request, target: str) -> dict[str, Any]:
        host = request.headers.get("host", "")
        client = request.client.host if request.client else None
        return {
            "timestamp": int(time.time() * 1000), "method": request.method, "host": host, "path": target, "scheme": "https", "region": REGION,
            "lambdaRegion": FUNCTION_REGION, "userAgent": [request.headers.get("user-agent", "")], "clientIp": client,
        }  # fmt: skip

    @staticmethod
    def _from(kept: Kept) -> Response:
        answer = _made(kept.status, kept.headers, kept.body)
        answer.headers["age"] = str(int(time.time() - kept.at))
        return answer


def _made(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> Response:
    answer = Response(body, status)
    for name, value in headers:
        answer.headers.append(name, value)
    return answer


def _platform(code: str, request_id: str) -> Response:
    """Return the platform's own error page; its code is in a header too."""
    words = f"An error occurred with this application.\n\n{code}\n\n{request_id}\n"
    return Response(words, _STATUS[code], {"x-vercel-error": code}, "text/plain; charset=utf-8")
