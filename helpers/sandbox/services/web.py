"""The web application as the platform runs it: built by Next.js, started by node, behind the edge."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from helpers.sandbox.edge.platform_state import PlatformState
from helpers.sandbox.services.api import python_path
from helpers.sandbox.services.base import Service
from helpers.sandbox.web_build import WebCheckout, build, install, node

__all__ = ["WebService"]

LIMIT_S = 10.0  # of a function that states none: what the platform's older plans have
_GRACE_S = 3.0
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG")


class WebService(Service):
    """The application of `checkout` with what `platform` has for production; `changed` is what differs from that."""

    name = "web"

    def __init__(self, folder: Path, settings: Mapping[str, str], progress: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(folder)
        self.settings = dict(settings)
        self.platform = PlatformState(folder / "platform.json")
        self.checkout = WebCheckout(folder / "web-code")
        self.changed: dict[str, str] = {}
        self.given: dict[str, str] = {}
        self.server = "next"
        self.progress = progress
        self.built = ""

    async def prepare(self) -> None:
        """Write the checkout, install its packages and build it. Raises RunbookError."""
        await asyncio.to_thread(self.checkout.make)
        await asyncio.to_thread(install, self.checkout.folder, self.progress)
        self.furnish()
        await self._deploy()

    def furnish(self) -> None:
        """Set what the platform has for the application as it is at first: each environment has a database of its own."""
        self.platform.clear()
        for name, value in self.settings.items():
            self.platform.set(name, value, ["production"])
            self.platform.set(name, f"{value}-preview", ["preview"], kind="sensitive")
            self.platform.set(name, f"{value}-development", ["development"], kind="plain")
        self.platform.said["domains"] = [{"name": "shop.example", "verified": True}]
        self.platform.write()

    async def _deploy(self) -> None:
        self.given = {**self.platform.values("production"), **self.changed}
        public = {name: value for name, value in self.given.items() if name.startswith("NEXT_PUBLIC_")}
        self.built = await asyncio.to_thread(build, self.checkout.folder, self.progress, public)
        self.platform.deployed(self.deployment, self.checkout.version())

    @property
    def deployment(self) -> str:
        """Return the deployment's id, as the platform names them."""
        return f"dpl_{self.checkout.version() or self.built[:7]}"

    def command(self) -> list[str]:
        """Return the edge with its settings' file, which holds the function's environment."""
        path = self.folder / "edge.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self._edge()), encoding="utf-8")
        return [sys.executable, "-m", "helpers.sandbox.edge", str(path)]

    def _edge(self) -> dict[str, object]:
        folder = self.checkout.folder
        about = {"deploymentId": self.deployment, "projectId": "prj_shop_web", "projectName": "shop-web", "host": "shop.example"}
        return {
            "folder": str(folder), "port": self.port, "limit_s": LIMIT_S,
            "command": [node(), str(folder / "node_modules/next/dist/bin/next"), "start", "--hostname", "127.0.0.1", "--port", "{port}"],
            "environment": {**{k: os.environ[k] for k in _PASSED_ON if k in os.environ}, "NODE_ENV": "production", "NEXT_TELEMETRY_DISABLED": "1",
                            **self.given},
            "platform": str(self.platform.file), "drain": {"file": str(self.folder / "logs" / "shop-web.ndjson")},
            "about": {**about, "environment": "production", "branch": "main", "executionRegion": "iad1"},
        }  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """Return what the edge needs to import this package."""
        return python_path()

    async def redeploy(self, changed: Mapping[str, str], server: str = "next") -> None:
        """Build what stands in its checkout and start that, as a deployment does. Raises RunbookError when it does not build."""
        self.changed = dict(changed)
        await self._deploy()
        await self._end()
        await self.start()

    async def _end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.process.wait, _GRACE_S)
        await self.kill()

    def url(self) -> str:
        """Return the edge's base address."""
        return f"http://127.0.0.1:{self.port}"

    async def answers(self) -> bool:
        """Return whether the edge answers; a function that cannot start is the edge's to tell."""
        try:
            async with httpx.AsyncClient(base_url=self.url(), timeout=20, trust_env=False) as client:
                return "x-vercel-id" in (await client.get("/api/health")).headers
        except httpx.HTTPError:
            await asyncio.sleep(0.05)
            return False

    def address(self) -> str:
        """Return the edge's base address."""
        return self.url()
