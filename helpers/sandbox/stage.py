"""The stage: the services of one sandbox, the faults active on it, and what can be asked of both."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from helpers.errors import UsageError, near_misses
from helpers.sandbox.addresses import Addresses
from helpers.sandbox.control import Progress, serve
from helpers.sandbox.edge.platform_api import PREFIX
from helpers.sandbox.fault_board import FaultBoard
from helpers.sandbox.passwords import new_password
from helpers.sandbox.schema import APPLICATION, DEFAULT_ROWS, OWNER, customers_for, make_database
from helpers.sandbox.services.api import ApiService
from helpers.sandbox.services.base import Service
from helpers.sandbox.services.load import LoadService
from helpers.sandbox.services.postgres import PostgresService
from helpers.sandbox.services.redis import RedisService
from helpers.sandbox.services.web import WebService

__all__ = ["Stage"]


class Stage:
    """Everything the keeper holds."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder, self.config = folder, config
        self.services: dict[str, Service] = {}
        self.addresses = Addresses(folder=str(folder), rows=config.get("rows") or DEFAULT_ROWS)
        self.closing = asyncio.Event()
        self._started = time.time()
        self._board = FaultBoard(self.services)
        self._server: asyncio.Server | None = None
        self._passwords = {APPLICATION: new_password(), OWNER: new_password()}

    async def open(self, progress: Progress) -> None:
        """Start what the configuration names, then answer callers. Raises RunbookError."""
        wanted = set(self.config["services"])
        async with asyncio.TaskGroup() as group:
            if "postgres" in wanted:
                group.create_task(self._open_postgres(progress))
            if "redis" in wanted:
                group.create_task(self._open_redis(progress))
        if "api" in wanted:
            await self._open_api(progress)
        if "web" in wanted:
            await self._open_web(progress)
        if "api" in wanted and self.config["load_rps"]:
            await self._open_load(progress)
        await self._announce()

    async def _start(self, service: Service) -> None:
        service.on_spawn = self._write_pids
        self.services[service.name] = service
        await service.prepare()
        await service.start()

    async def _open_postgres(self, progress: Progress) -> None:
        postgres = PostgresService(self.folder, self.config["postgres_settings"])
        await self._start(postgres)
        progress(f"PostgreSQL {postgres.version} started")
        rows = self.addresses.rows
        await make_database(postgres.dsn(database="postgres"), postgres.dsn(), self._passwords, rows)
        progress(f"demo database filled: {rows:,} orders")
        roles = {role: postgres.dsn(role, password) for role, password in self._passwords.items()}
        self._set(postgres=roles[OWNER], application=roles[APPLICATION], admin=postgres.dsn())

    async def _open_redis(self, progress: Progress) -> None:
        redis = RedisService(self.folder)
        await self._start(redis)
        progress(f"Redis {redis.version} started")
        self._set(redis=redis.url())

    async def _open_api(self, progress: Progress) -> None:
        api = ApiService(self.folder, self._settings())
        await self._start(api)
        progress(f"demo application started at {api.url()}")
        self._set(api=api.url(), code=str(api.checkout.folder) if api.checkout.has_git else "")

    async def _open_web(self, progress: Progress) -> None:
        web = WebService(self.folder, self._settings(), progress)
        await self._start(web)
        progress(f"web application started at {web.url()}")
        self._set(web=web.url(), web_code=str(web.checkout.folder) if web.checkout.has_git else "")
        self._set(platform=web.url() + PREFIX, platform_token=web.platform.token)

    def _settings(self) -> dict[str, str]:
        return {"DATABASE_URL": self.addresses.application, "REDIS_URL": self.addresses.redis}

    async def _open_load(self, progress: Progress) -> None:
        load = LoadService(self.folder, self.addresses.api, self.config["load_rps"], customers_for(self.addresses.rows))
        await self._start(load)
        progress(f"load: {load.address()}")

    def _set(self, **addresses: str) -> None:
        self.addresses = Addresses(**{**asdict(self.addresses), **addresses})

    def _write_pids(self) -> None:
        """What the janitor ends when nobody else can: pids with start times, since a pid is used again."""
        alive = [s.process.pid for s in self.services.values() if s.process and s.process.poll() is None]
        _write(self.folder / "pids.json", [[pid, psutil.Process(pid).create_time()] for pid in alive])

    async def _announce(self) -> None:
        token = secrets.token_urlsafe(24)
        self._server = await serve(token, self.answer)
        state = {"name": self.config["name"], "token": token, "port": self._server.sockets[0].getsockname()[1]}
        _write(self.folder / "state.json", {**state, "keeper": os.getpid(), "addresses": asdict(self.addresses)})

    async def answer(self, operation: str, arguments: dict[str, Any], progress: Progress) -> Any:
        """Return the answer to one call of another process. Raises UsageError on an unknown operation, service or fault."""
        if operation == "status":
            return self.status()
        if operation == "down":
            self.closing.set()
            return True
        if operation == "break":
            return await self._board.inject(self.addresses, progress, **arguments)
        if operation == "heal":
            return await self._board.heal(self.addresses, progress, **arguments)
        service = self._service(arguments["service"])
        if operation in ("kill", "start"):
            await getattr(service, operation)()
        elif operation in ("suspend", "resume"):
            getattr(service, operation)()
        else:
            raise UsageError(f"The sandbox knows no operation {operation}.")
        return service.state

    def _service(self, name: str) -> Service:
        if name not in self.services:
            raise UsageError(f"This sandbox has no service {name}.", remedy=near_misses(name, list(self.services)))
        return self.services[name]

    def status(self) -> dict[str, Any]:
        """Return what runs, where, since when, and what is broken on purpose; no secrets."""
        services = {
            name: {"state": s.state, "pid": s.process.pid if s.process and s.state != "stopped" else None, "address": s.address()}
            for name, s in self.services.items()
        }
        counts = self.folder / "load.json"
        return {
            "name": self.config["name"],
            "folder": str(self.folder),
            "keeper_pid": os.getpid(),
            "uptime_s": round(time.time() - self._started, 1),
            "services": services,
            "faults": self._board.active(),
            "load": json.loads(counts.read_text()) if counts.exists() else {},
        }

    async def close(self) -> None:
        """End the faults' clients and every service, the newest first."""
        if self._server:
            self._server.close()
        await self._board.abandon()
        for service in reversed(list(self.services.values())):
            await service.stop()


def _write(path: Path, value: Any) -> None:
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(value))
    part.replace(path)
