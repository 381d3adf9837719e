"""A second Redis beside the sandbox's own, for faults that need a replica or another primary."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.services.redis import RedisService

__all__ = ["SecondRedis"]

_REPLICA = """\
masterauth "{password}"
replicaof 127.0.0.1 {primary}
repl-diskless-sync-delay 0
"""


class SecondRedis(RedisService):
    """A replica of the sandbox's Redis, with its password; it ends with the process that started it."""

    name = "redis-second"

    def __init__(self, place: Addresses) -> None:
        super().__init__(Path(place.folder))
        first = urlsplit(place.redis)
        self.password, self._primary = unquote(first.password or ""), first.port or 6379

    @property
    def home(self) -> Path:
        """Return its own folder."""
        return self.folder / self.name

    def command(self) -> list[str]:
        """Return the server with its configuration file."""
        command = super().command()
        config = Path(command[-1])
        config.write_text(config.read_text() + _REPLICA.format(password=self.password, primary=self._primary))
        return command
