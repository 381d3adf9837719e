"""Writes are refused although there is memory: a failed save, a lost replica, a failover that the application did not notice.

`default`: the save fails and fails again. `disk_back`: it failed, and the disk is repaired by now. `lost_replica`: fewer replicas than
are wanted. `failed_over`: this server is a replica by now. `link_down`: it is one, and has lost its primary.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from redis.exceptions import RedisError, ResponseError

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import Settings, delete, go_on, server
from helpers.sandbox.services.redis_second import SecondRedis

__all__ = ["PersistenceOrReplication"]

_NOWHERE = ("127.0.0.1", 9)  # the discard port: nobody answers there
_SAVE = "MISCONF: the last background save failed"
_KEY = "Order Draft/1"
_PATIENCE_S = 20.0


@dataclass
class PersistenceOrReplication(Fault):
    """A real failed BGSAVE, a real replica that ends, a real failover; a client whose writes are refused goes on trying."""

    variants: ClassVar[tuple[str, ...]] = ("default", "lost_replica", "disk_back", "failed_over", "link_down")
    proposed: ClassVar[tuple[str, ...]] = ("failed_over", "link_down")

    settings: Settings = field(default_factory=Settings, repr=False)
    second: SecondRedis | None = field(default=None, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Break it; returns when the server says so itself."""
        async with server(place) as session:
            if self.variant in ("default", "disk_back"):
                await self._fail_save(session)
            elif self.variant == "lost_replica":
                await self._lose_replica(place, session)
            elif self.variant == "failed_over":
                await self._fail_over(place, session)
            else:
                await session.replicaof(*_NOWHERE)
                await _until(session, master_link_status="down")
                self.subject = f"the link to {_NOWHERE[0]}:{_NOWHERE[1]} is down"
        work, name = (_read, "catalogue-web") if self.variant == "link_down" else (_write, "checkout-api")
        self.clients.start(go_on(place, name, work, pause_s=0.05))

    async def _fail_save(self, session: Any) -> None:
        """Let something else have the dump's name: the save cannot put its file there, as on a disk that takes no more."""
        self.subject, self.parameters = _SAVE, {"stop_gap": self.variant == "default"}
        await self.settings.change(session, save="3600 1 300 100", stop_writes_on_bgsave_error="yes")
        in_the_way = await _dump(session)
        in_the_way.unlink(missing_ok=True)
        in_the_way.mkdir()
        await session.bgsave()
        await _until(session, rdb_last_bgsave_status="err")
        if self.variant == "disk_back":
            in_the_way.rmdir()

    async def _lose_replica(self, place: Addresses, session: Any) -> None:
        self.subject, self.parameters = "NOREPLICAS: 0 of 1 replicas are in touch", {"stop_gap": True}
        self.second = await self._replica(place, session)
        await self.settings.change(session, min_replicas_to_write=1)
        await self.second.stop()
        await _until(session, connected_slaves=0)

    async def _fail_over(self, place: Addresses, session: Any) -> None:
        """The replica becomes the primary, and this server its replica, with all its keys."""
        self.second = await self._replica(place, session)
        await self.settings.change(session, masterauth=self.second.password)
        async with server(Addresses(place.folder, redis=self.second.url())) as other:
            await other.replicaof("NO", "ONE")
        await session.replicaof("127.0.0.1", self.second.port)
        await _until(session, master_link_status="up")
        self.subject = f"READONLY: a replica of 127.0.0.1:{self.second.port} is written to"

    async def _replica(self, place: Addresses, session: Any) -> SecondRedis:
        """A second server that has all of the first one's keys."""
        await self.settings.change(session, repl_diskless_sync_delay=0)
        second = SecondRedis(place)
        await second.start()
        async with server(Addresses(place.folder, redis=second.url())) as other:
            await _until(other, master_link_status="up")
        await _until(session, connected_slaves=1)
        return second

    async def heal(self, place: Addresses) -> None:
        """Make it a primary whose saves succeed, end the other server, and put settings and keys back."""
        await self.clients.close()
        async with server(place) as session:
            await session.replicaof("NO", "ONE")
            if self.second is not None:
                await self.second.stop()
            await self._save_again(session)
            await self.settings.put_back(session)
            await delete(session, keys=[_KEY.encode()])

    async def _save_again(self, session: Any) -> None:
        """Clear the way, and let the server forget that a save failed; the sandbox keeps no dump."""
        dump = await _dump(session)
        with contextlib.suppress(OSError):
            dump.rmdir()
        if (await session.info("persistence"))["rdb_last_bgsave_status"] != "ok":
            with contextlib.suppress(ResponseError):  # one runs already
                await session.bgsave()
            await _until(session, rdb_last_bgsave_status="ok")
        dump.unlink(missing_ok=True)

    async def abandon(self) -> None:
        """Let the client and the other server go."""
        await self.clients.close()
        if self.second is not None:
            await self.second.stop()


async def _dump(session: Any) -> Path:
    """Where the server saves to: a folder inside the sandbox's own."""
    folder, name = [str((await session.config_get(n))[n]) for n in ("dir", "dbfilename")]
    return Path(folder) / name


async def _until(session: Any, **wanted: Any) -> None:
    """Return when INFO says so."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            with contextlib.suppress(RedisError):  # LOADING, while it takes over another server's keys
                info = await session.info()
                if all(info.get(name) == value for name, value in wanted.items()) and not info.get("rdb_bgsave_in_progress"):
                    return
            await asyncio.sleep(0.05)


async def _write(session: Any) -> None:
    await session.set(_KEY, "d" * 200)


async def _read(session: Any) -> None:
    await session.get(_KEY)
