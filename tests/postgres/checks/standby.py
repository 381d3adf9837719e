"""A real standby of a sandbox's PostgreSQL."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from helpers.sandbox.accounts import reachable_binaries
from helpers.sandbox.binaries import postgres_binaries
from helpers.sandbox.services.postgres import PostgresService


class Standby(PostgresService):
    """A streaming standby, made by pg_basebackup; its password is the primary's."""

    def __init__(self, folder: Path, primary: str, settings: dict[str, str]) -> None:
        super().__init__(folder, settings)
        self.primary = primary
        self.password = unquote(urlsplit(primary).password or "")
        (folder / "logs").mkdir(parents=True)

    async def prepare(self) -> None:
        found, copyable = postgres_binaries()
        self._binaries = reachable_binaries(found, self.folder, copyable=copyable)
        home = self.data.parent
        home.mkdir(mode=0o700)
        account = self.account()
        if account:
            account.own(home)
        process = await asyncio.create_subprocess_exec(
            str(self._binaries / "pg_basebackup"), "--pgdata", str(self.data), "--write-recovery-conf", "--checkpoint", "fast",
            "--no-sync", "--dbname", f"{self.primary}?application_name=second",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=self.folder, env={**os.environ, "LC_ALL": "C"},
            user=account.uid if account else None, group=account.gid if account else None, extra_groups=[] if account else None,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
