"""The demo application under uvicorn, as the field runs it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

import helpers
from helpers.sandbox.services.base import Service

__all__ = ["ApiService", "python_path"]


def python_path() -> dict[str, str]:
    """Return the environment a child needs to import this very package."""
    here, given = str(Path(helpers.__path__[0]).parent), os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([here, given] if given else [here]), "PYTHONDONTWRITEBYTECODE": "1"}


class ApiService(Service):
    """One uvicorn process serving helpers/sandbox/app."""

    name = "api"

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.settings = dict(settings)

    def command(self) -> list[str]:
        """Return uvicorn on uvloop; the application writes its own access log."""
        return [
            sys.executable, "-m", "uvicorn", "helpers.sandbox.app.main:app", "--host", "127.0.0.1", "--port", str(self.port),
            "--loop", "uvloop", "--no-access-log", "--log-level", "warning", "--lifespan", "on",
        ]  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """Return the application's settings: in the environment, as twelve-factor applications take them."""
        return {**python_path(), **self.settings, "SHOP_ACCESS_LOG": str(self.folder / "logs" / "shop-api.ndjson")}

    def url(self) -> str:
        """Return the base address."""
        return f"http://127.0.0.1:{self.port}"

    async def answers(self) -> bool:
        """Return whether it is alive, and this process and no other that took the port."""
        try:
            async with httpx.AsyncClient(base_url=self.url(), timeout=5, trust_env=False) as client:
                answer = (await client.get("/health")).json()
        except (httpx.HTTPError, ValueError):
            await asyncio.sleep(0.05)
            return False
        return self.process is not None and answer.get("pid") == self.process.pid

    def address(self) -> str:
        """Return the base address."""
        return self.url()
