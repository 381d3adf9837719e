"""How another process talks to a sandbox's keeper: one JSON line in, progress lines and one answer out.

Loopback TCP with a token from the sandbox's private folder; no Unix socket, whose path would be too long in deep folders.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from helpers.errors import RunbookError, Unreachable, UsageError

__all__ = ["Handler", "Progress", "call", "serve"]

Progress = Callable[[str], None]
Handler = Callable[[str, dict[str, Any], Progress], Awaitable[Any]]
_LINE_BYTES = 1 << 20


async def call(port: int, token: str, operation: str, *, progress: Progress | None = None, timeout: float = 60.0, **arguments: Any) -> Any:
    """Return the keeper's answer to `operation`, waiting `timeout` seconds at most.

    Raises:
        UsageError: the keeper was asked for something that does not exist.
        RunbookError: it tried and failed.
        Unreachable: it does not answer.

    """
    try:
        async with asyncio.timeout(timeout):
            return await _converse(port, {"token": token, "operation": operation, "arguments": arguments}, progress)
    except (OSError, TimeoutError, ValueError) as error:
        raise Unreachable("sandbox", f"The sandbox does not answer ({type(error).__name__}).", remedy="runbook sandbox down") from error


async def _converse(port: int, request: dict[str, Any], progress: Progress | None) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LINE_BYTES)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        while line := await reader.readline():
            answer = json.loads(line)
            if "error" in answer:
                kind = UsageError if answer["usage"] else RunbookError
                raise kind(answer["error"], remedy=answer["remedy"])
            if "result" in answer:
                return answer["result"]
            if progress:
                progress(answer["progress"])
    finally:
        writer.close()
    raise ConnectionResetError("the keeper went away")


async def serve(token: str, handler: Handler) -> asyncio.Server:
    """Return a server on a free loopback port that answers callers who know `token` by `handler`."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(**answer: Any) -> None:
            writer.write(json.dumps(answer).encode() + b"\n")

        try:
            async with asyncio.timeout(10):
                request = json.loads(await reader.readline())
            if hmac.compare_digest(str(request["token"]), token):
                say(result=await handler(request["operation"], request["arguments"], lambda text: say(progress=text)))
        except RunbookError as error:
            say(error=error.reason, remedy=error.remedy, usage=isinstance(error, UsageError))
        except Exception as error:  # whatever it is, the caller is told, and others are answered
            say(error=f"{type(error).__name__}: {error}", remedy="", usage=False)
        finally:
            writer.close()

    return await asyncio.start_server(converse, "127.0.0.1", 0, limit=_LINE_BYTES)
