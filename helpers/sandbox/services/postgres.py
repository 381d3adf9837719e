"""PostgreSQL: a cluster of its own, on loopback TCP with passwords, with the statistics a runbook reads."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from helpers.errors import RunbookError
from helpers.sandbox.accounts import Account, reachable_binaries, server_account
from helpers.sandbox.binaries import postgres_binaries
from helpers.sandbox.janitor import die_with_parent
from helpers.sandbox.passwords import new_password, url_with_password
from helpers.sandbox.services.base import Service

__all__ = ["PostgresService"]

_SETTINGS: dict[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket may hold 107 bytes: a deep folder would break it
    "dynamic_shared_memory_type": "mmap",  # files in the data folder, so that nothing stays in /dev/shm
    "fsync": "off",  # the data lives as long as the sandbox: it need not survive a power cut, only kill -9, which this does
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
    "log_lock_waits": "on",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "max_connections": "100",
    "max_prepared_transactions": "5",  # as servers with two-phase commit have it; one left behind is a fault of its own
    "max_parallel_workers_per_gather": "0",  # as OLTP servers are set up: one slow statement takes one core, not all of them
    "shared_buffers": "128MB",
}


class PostgresService(Service):
    """One PostgreSQL server; the superuser is `postgres`."""

    name = "postgres"
    death_signal = signal.SIGQUIT  # immediate shutdown: it ends its backends and gives its shared memory back

    def __init__(self, folder: Path, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(folder)
        self.data = folder / "postgres" / "data"
        self.password = new_password()
        self.settings = {**_SETTINGS, **{k: str(v) for k, v in (settings or {}).items()}}
        self._binaries = Path()
        self.version = ""

    def account(self) -> Account | None:
        """Return `nobody` for root, who may not run PostgreSQL."""
        return server_account()

    async def prepare(self) -> None:
        """Make the cluster. Raises RunbookError with what initdb said."""
        found, copyable = postgres_binaries()
        self._binaries = await asyncio.to_thread(reachable_binaries, found, self.folder, copyable=copyable)
        if await self._major() >= 16:
            self.settings.setdefault("reserved_connections", "3")  # for the role of the profile, when the application took all others
        home = self.data.parent
        secret = home / "password"
        home.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        account = self.account()
        if account:
            account.own(home, secret)
        await self._initdb(secret)
        secret.unlink()

    async def _major(self) -> int:
        process = await asyncio.create_subprocess_exec(
            str(self._binaries / "postgres"), "--version", stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
        )
        output, _ = await process.communicate()
        found = re.search(rb"(\d+)", output)
        return int(found[1]) if found else 0

    async def _initdb(self, secret: Path) -> None:
        account, me = self.account(), os.getpid()
        process = await asyncio.create_subprocess_exec(
            str(self._binaries / "initdb"), "--pgdata", str(self.data), "--username", "postgres", "--pwfile", str(secret),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions",
            cwd=self.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(me, signal.SIGKILL),
            user=account.uid if account else None, group=account.gid if account else None, extra_groups=[] if account else None,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode:
            raise RunbookError(f"initdb failed: {output.decode(errors='replace')[-600:].strip()}")

    def command(self) -> list[str]:
        """Return the server with its settings."""
        options = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(self.port), *options]

    def environment(self) -> Mapping[str, str]:
        """Return nothing of the user's PG… variables' effect: the server reads PGDATA and PGPORT only if not told."""
        return {"LC_ALL": "C"}

    def dsn(self, user: str = "postgres", password: str = "", database: str = "shop") -> str:
        """Return the address for `user`, the superuser unless told otherwise."""
        return url_with_password("postgresql", user, password or self.password, self.port, database)

    async def answers(self) -> bool:
        """Return whether it lets the superuser in: the password is this sandbox's own."""
        try:
            connection = await asyncpg.connect(self.dsn(database="postgres"), timeout=3)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        try:
            self.version = (await connection.fetchval("show server_version", timeout=3)).split()[0]
        finally:
            await connection.close(timeout=3)
        return True

    def address(self) -> str:
        """Return host, port and database."""
        return f"127.0.0.1:{self.port}/shop"

    async def stop(self) -> None:
        """End it by immediate shutdown, so that it gives its shared memory back; by force if it does not go."""
        self.resume()
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGQUIT)
        for _ in range(150):
            if self.process.poll() is not None:
                return
            await asyncio.sleep(0.02)
        await self.kill()
