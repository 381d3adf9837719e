"""PgBouncer: a connection pooler in transaction mode before the sandbox's PostgreSQL, for faults that need one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from helpers.errors import UsageError
from helpers.sandbox.accounts import Account, server_account
from helpers.sandbox.addresses import Addresses
from helpers.sandbox.services.base import Service

__all__ = ["PgBouncerService", "Pool", "pgbouncer_binary"]

_CONFIG = """\
[databases]
{databases}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {home}/users.txt
pool_mode = {mode}
default_pool_size = {size}
stats_users = {stats_users}
server_tls_sslmode = disable
"""


@dataclass(frozen=True, slots=True)
class Pool:
    """How it pools: `size` server connections; `one_role` lends every client connections of the application's role."""

    size: int = 2
    one_role: bool = True
    console: bool = True
    mode: str = "transaction"


def pgbouncer_binary() -> Path:
    """Return the program: RUNBOOK_PGBOUNCER, PATH, or where Debian puts it. Raises UsageError when it is not installed."""
    found = os.environ.get("RUNBOOK_PGBOUNCER") or shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise UsageError(
            "This fault needs pgbouncer, which is not installed.", remedy="apt-get install pgbouncer, or conda install pgbouncer."
        )
    return Path(found)


class PgBouncerService(Service):
    """One pooler; it knows the application's role and the profile's, each with its own password."""

    name = "pgbouncer"

    def __init__(self, place: Addresses, pool: Pool) -> None:
        super().__init__(Path(place.folder))
        self._place, self._pool = place, pool
        self._binary = pgbouncer_binary()

    def account(self) -> Account | None:
        """Return `nobody` for root, as whom pgbouncer refuses to run."""
        return server_account()

    def command(self) -> list[str]:
        """Return the program with its configuration; passwords are in a file only its account can read."""
        home, account = self.folder / "pgbouncer", self.account()
        home.mkdir(mode=0o700, exist_ok=True)
        files = {home / "users.txt": self._users(), home / "pgbouncer.ini": self._config(home)}
        for path, text in files.items():
            path.touch(mode=0o600)
            path.write_text(text)
        if account:
            account.own(home, *files)
        return [str(self._binary), str(home / "pgbouncer.ini")]

    def environment(self) -> Mapping[str, str]:
        """Return what keeps its messages in one language."""
        return {"LC_ALL": "C"}

    def _users(self) -> str:
        logins = [urlsplit(dsn) for dsn in (self._place.application, self._place.postgres)]
        return "".join(f'"{login.username}" "{_doubled(unquote(login.password or ""))}"\n' for login in logins)

    def _config(self, home: Path) -> str:
        server, profile = urlsplit(self._place.application), urlsplit(self._place.postgres).username or ""
        role = f" user={server.username}" if self._pool.one_role else ""
        databases = f"{server.path[1:]} = host=127.0.0.1 port={server.port}{role}"
        stats_users = profile if self._pool.console else ""
        return _CONFIG.format(
            databases=databases, port=self.port, home=home, size=self._pool.size, mode=self._pool.mode, stats_users=stats_users
        )

    def through(self, dsn: str) -> str:
        """Return `dsn` by way of the pooler."""
        parts = urlsplit(dsn)
        credentials = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{self.port}"))

    async def answers(self) -> bool:
        """Return whether it lets the application in: the password is this sandbox's own."""
        try:
            connection = await asyncpg.connect(self.through(self._place.application), timeout=3, statement_cache_size=0)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close(timeout=3)
        return True

    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"


def _doubled(text: str) -> str:
    return text.replace('"', '""')
