"""The receiving end of a platform's log drain: signed batches over HTTP become lines of a file; what is not signed, too large or sent again is refused."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from helpers.logs.drain_file import DrainFile

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["LARGEST_BYTES", "WINDOW_S", "Receiver", "entries_in", "is_signed", "receiver"]

LARGEST_BYTES = 10 * 1024 * 1024
WINDOW_S = 900.0  # a batch is sent anew for some minutes when it was not taken


@dataclass
class Receiver:
    """What takes batches: `secret` signs them, `largest_bytes` bounds each, `window_s` is for how long one is known when it comes again."""

    file: DrainFile
    secret: str = field(repr=False)
    largest_bytes: int = LARGEST_BYTES
    window_s: float = WINDOW_S
    clock: Callable[[], float] = time.time
    seen: dict[str, float] = field(default_factory=dict, repr=False)

    def take(self, body: bytes, signature: str) -> tuple[int, str]:
        """Return status and answer of one batch: 200 stored, 400 no entries, 403 not signed, 409 sent again or too old. Raises OSError."""
        if not is_signed(body, signature, self.secret):
            return 403, "the signature is not that of the body"
        now = self.clock()
        self.seen = {known: at for known, at in self.seen.items() if now - at <= self.window_s}
        if signature in self.seen:
            return 409, "this batch was taken before"
        entries = entries_in(body)
        if entries is None:
            return 400, "neither a JSON array of objects nor one object per line"
        stamps = [entry["timestamp"] for entry in entries if isinstance(entry.get("timestamp"), int | float)]
        if stamps and now - max(stamps) / 1000 > self.window_s:
            return 409, "its entries are older than the window"
        self.file.write(entries)
        self.seen[signature] = now
        return 200, f"{len(entries)} entries"

    async def answer(self, request: Request) -> Response:
        """Return the answer to one POST; a body is read no further than its bound."""
        from starlette.responses import JSONResponse

        async def refused(status: int, said: str) -> Response:
            return JSONResponse({"said": said}, status_code=status)

        if request.headers.get("content-encoding", "identity") != "identity":
            return await refused(415, "send it as it is, not compressed")
        stated = request.headers.get("content-length", "0")
        if not stated.isdigit() or int(stated) > self.largest_bytes:
            return await refused(413, f"at most {self.largest_bytes} bytes")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.largest_bytes:
                return await refused(413, f"at most {self.largest_bytes} bytes")
        return await refused(*self.take(bytes(body), request.headers.get("x-vercel-signature", "")))


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Return whether the signature is HMAC-SHA1 of the raw body, as hex; compared in constant time. Pure.

    Source: Vercel documentation, Drains Security.
    """
    wanted = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return bool(secret) and hmac.compare_digest(wanted.encode(), signature.lower().encode())


def entries_in(body: bytes) -> list[dict[str, Any]] | None:
    """Return the entries of a body: a JSON array, or an object per line; None when it is neither. Pure."""
    try:
        text = body.decode()
        found = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None
    return found if found and all(isinstance(entry, dict) for entry in found) else None


def receiver(taken: Receiver) -> Starlette:
    """Return the ASGI application: POST to any path; the file is closed, and on the disk, at its end."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        taken.file.close()

    return Starlette(routes=[Route("/{path:path}", taken.answer, methods=["POST"])], lifespan=lifespan)
