"""Redis: in memory only, on loopback with a password."""

from __future__ import annotations

from pathlib import Path

import redis.asyncio
from redis.exceptions import RedisError

from helpers.sandbox.binaries import redis_server
from helpers.sandbox.passwords import new_password, url_with_password
from helpers.sandbox.services.base import Service

__all__ = ["RedisService"]

_CONFIG = """\
bind 127.0.0.1
port {port}
requirepass "{password}"
dir "{folder}"
save ""
appendonly no
daemonize no
maxmemory 128mb
latency-monitor-threshold 50
"""


class RedisService(Service):
    """One Redis server."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.password = new_password()
        self.version = ""

    @property
    def home(self) -> Path:
        """Return its own folder."""
        return self.folder / "redis"

    def command(self) -> list[str]:
        """Return the server with its configuration file, which holds the password."""
        home = self.home
        home.mkdir(mode=0o700, exist_ok=True)
        config = home / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(_CONFIG.format(port=self.port, password=self.password, folder=home))
        return [str(redis_server()), str(config)]

    def url(self) -> str:
        """Return the address with its password."""
        return url_with_password("redis", "", self.password, self.port, "0")

    async def answers(self) -> bool:
        """Return whether it lets us in: the password is this sandbox's own."""
        client = redis.asyncio.from_url(self.url(), socket_timeout=3, socket_connect_timeout=3)
        try:
            self.version = (await client.info("server"))["redis_version"]
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
        return True

    def address(self) -> str:
        """Return host, port and database."""
        return f"127.0.0.1:{self.port}/0"
