"""The demo application as the field runs it: uvicorn, or gunicorn with uvicorn workers, from its checkout."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

import helpers
from helpers.sandbox.checkout import PACKAGE, Checkout
from helpers.sandbox.services.base import Service

__all__ = ["ApiService", "python_path"]

_GRACE_S = 3.0
_WORKERS = 2


def python_path() -> dict[str, str]:
    """Return the environment a child needs to import this very package."""
    here, given = str(Path(helpers.__path__[0]).parent), os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([here, given] if given else [here]), "PYTHONDONTWRITEBYTECODE": "1"}


class ApiService(Service):
    """The application of `checkout`; `changed` is what differs from its usual environment, `server` what runs it."""

    name = "api"

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.settings = dict(settings)
        self.checkout = Checkout(folder / "code")
        self.changed: dict[str, str] = {}
        self.server = "uvicorn"

    async def prepare(self) -> None:
        """Write the checkout."""
        await asyncio.to_thread(self.checkout.make)

    def workdir(self) -> Path:
        """Return the checkout."""
        return self.checkout.folder

    def command(self) -> list[str]:
        """Return the server's command line, on uvloop; the application writes its own access log."""
        application, address = f"{PACKAGE}.main:app", f"127.0.0.1:{self.port}"
        if self.server == "gunicorn":
            return [
                sys.executable, "-m", "gunicorn", application, "--bind", address, "--workers", str(_WORKERS),
                "--worker-class", "uvicorn_worker.UvicornWorker", "--log-level", "warning", "--graceful-timeout", "2",
            ]  # fmt: skip
        return [
            sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(self.port),
            "--loop", "uvloop", "--no-access-log", "--log-level", "warning", "--lifespan", "on",
        ]  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """Return the application's settings: in the environment, as twelve-factor applications take them."""
        log = {"SHOP_ACCESS_LOG": str(self.folder / "logs" / "shop-api.ndjson"), "SHOP_VERSION": self.checkout.version()}
        return {**python_path(), **self.settings, **log, **self.changed}

    async def redeploy(self, changed: Mapping[str, str], server: str) -> None:
        """Start it anew from its checkout, as a deployment does: it may finish what it is at. Raises RunbookError when it does not start."""
        self.changed, self.server = dict(changed), server
        await self._end()
        await self.start()

    async def _end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.process.wait, _GRACE_S)
        await self.kill()

    def url(self) -> str:
        """Return the base address."""
        return f"http://127.0.0.1:{self.port}"

    async def answers(self) -> bool:
        """Return whether it is alive, and it is this process or a worker of it, and no other that took the port."""
        try:
            async with httpx.AsyncClient(base_url=self.url(), timeout=5, trust_env=False) as client:
                answer = (await client.get("/health")).json()
        except (httpx.HTTPError, ValueError):
            await asyncio.sleep(0.05)
            return False
        return answer.get("pid") in {process.pid for process in self.processes()}

    def address(self) -> str:
        """Return the base address."""
        return self.url()
