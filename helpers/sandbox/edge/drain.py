"""The log drain: entries as the documentation has them, to a file, and signed to an HTTP receiver when there is one."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path
from typing import Any

import httpx

__all__ = ["Drain", "signature"]

_EVERY_S = 0.5
_SEND_S = 5.0


def signature(body: bytes, secret: str) -> str:
    """Return what `x-vercel-signature` holds: HMAC-SHA1 of the raw body, as hex."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


class Drain:
    """Entries of one deployment; `about` is what each of them says of the project and the deployment."""

    def __init__(self, file: Path, about: dict[str, Any], *, url: str = "", secret: str = "") -> None:
        self.file, self.about, self.url, self.secret = file, about, url, secret
        self._waiting: list[dict[str, Any]] = []

    def add(self, **entry: Any) -> None:
        """Add one entry; a key without a value is left out."""
        made = {"id": secrets.token_hex(12), "timestamp": int(time.time() * 1000), **self.about, **entry}
        self._waiting.append({key: value for key, value in made.items() if value is not None})

    async def run(self) -> None:
        """Deliver for ever."""
        async with httpx.AsyncClient(timeout=_SEND_S, trust_env=False) as client:
            while True:
                await asyncio.sleep(_EVERY_S)
                await self.deliver(client)

    async def deliver(self, client: httpx.AsyncClient) -> None:
        """Write what waits; what a receiver does not take is in the file still."""
        entries, self._waiting = self._waiting, []
        if not entries:
            return
        body = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
        with self.file.open("ab") as file:
            file.write(body)
        if self.url:
            headers = {"content-type": "application/x-ndjson", "x-vercel-signature": signature(body, self.secret)}
            with contextlib.suppress(httpx.HTTPError):
                await client.post(self.url, content=body, headers=headers)
