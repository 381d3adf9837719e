"""Delete just the cached copies that disagree with their rows, so that they are made anew; each is kept aside for a day.

A key is deleted only while it still holds the very value that was compared. The copies stay on the server under names of their own, which
tell the key and its expiry: so no key and no value gets into the evidence, and the undo finds exactly what was deleted. A key that the
application has made anew since is left alone.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import BadAnswer, FixFailed, ParameterError, SystemProblem
from helpers.redis.cached import digest, read_cached
from helpers.redis.connect import Redis
from helpers.redis.deadlines import deadlines_of, now_ms
from helpers.redis.prefixes import examples
from helpers.redis.walk import keys_of
from helpers.redis.write import RedisWriter

__all__ = ["UnlinkStaleKeys"]

MOST_KEYS = 5000
STEP = 100


@dataclass(frozen=True)
class UnlinkStaleKeys(Fix):
    """UNLINK the pattern's keys in `keys` (digest of the key → digest of the value that was compared), kept aside for `keep_s` seconds.

    Digests are made with `seed`: neither a key nor a value is written down.
    """

    pattern: str
    seed: str
    keys: dict[str, str] = field(default_factory=dict)
    keep_s: float = 86_400.0

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return which keys are deleted; not needed when all were written since. Raises ParameterError, FixFailed, SystemProblem."""
        if not self.pattern or not self.seed or len(self.keys) > MOST_KEYS or self.keep_s < 60:
            raise ParameterError(f"unlink_stale_keys needs a pattern, a seed, at most {MOST_KEYS:,} keys, and keep_s of at least 60 s.")
        same = [key async for page in self._unchanged(session) for key in page]
        if not same:
            return FixPreview([], needed=False, effects=["Every one of these keys was written or expired since."])
        mark = secrets.token_hex(8)
        return FixPreview(
            statements=[
                f"RESTORE runbook-kept:{{…}}:{mark}:<expiry>:<key> {self.keep_s * 1000:.0f} <DUMP key>",
                f"UNLINK key    # for {len(same):,} keys of {self.pattern}, such as {examples(same)}, while they hold the value that was compared",
            ],
            undo_statements=[f"RESTORE key <expiry> <DUMP runbook-kept:{{…}}:{mark}:…> ABSTTL    # where the application has not made it anew"],
            inverse={"pattern": self.pattern, "mark": mark}, effects=self._effects(len(same)), advice=self._advice(),
        )  # fmt: skip

    def _effects(self, count: int) -> list[str]:
        return [
            f"{count:,} keys of {self.pattern} are gone; the next request for each reads the row and fills it anew.",
            f"In steps of {STEP} keys; {len(self.keys) - count:,} were written or expired since they were compared, and are left alone.",
            f"Each is kept for {self.keep_s / 3600:.0f} h as runbook-kept:…, and holds its memory until then.",
            "What is written to a key between its comparison and its UNLINK, some milliseconds later, is lost; the row is not.",
        ]

    def _advice(self) -> list[str]:
        return [
            f"Delete {self.pattern} in every place that writes its row, after the commit; jobs and hand-written SQL too (a trigger with NOTIFY, or "
            "logical decoding, sees those).",
            f"Let {self.pattern} expire: a forgotten invalidation then heals by itself.",
            "A reader that fills the cache may overwrite an invalidation that came in between: write with the row's version, and refuse an older one.",
        ]

    async def _unchanged(self, redis: Redis) -> AsyncIterator[list[bytes]]:
        """Yield, a page at a time, the keys that hold what was compared."""
        seen: set[bytes] = set()
        async for page in keys_of(redis, self.pattern):
            keys = [key for key in dict.fromkeys(page) if key not in seen and digest(key, self.seed) in self.keys]
            seen.update(keys)
            for start in range(0, len(keys), STEP):
                yield await self._same(redis, keys[start : start + STEP])

    async def _same(self, redis: Redis, keys: Sequence[bytes]) -> list[bytes]:
        values = await read_cached(redis, keys, self.pattern)
        return [v.key for v in values if digest(v.raw, self.seed) == self.keys.get(digest(v.key, self.seed))]

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Keep each aside, look again, unlink. Raises SystemProblem."""
        mark = str(preview.inverse["mark"])
        async for page in self._unchanged(writer):
            found = dict(zip(page, await deadlines_of(writer, page), strict=True))
            dumps = _whole(await writer.execute_many([("DUMP", key) for key in page]))
            aside = {k: (_kept(k, mark, found[k][0]), dump) for k, dump in zip(page, dumps, strict=True) if dump is not None}
            _whole(await writer.execute_many([("RESTORE", name, int(self.keep_s * 1000), dump) for name, dump in aside.values()]))
            same = await self._same(writer, list(aside))
            _whole(await writer.execute_many([("UNLINK", key) for key in same]))
            _whole(await writer.execute_many([("UNLINK", name) for key, (name, _) in aside.items() if key not in same]))

    async def read_back(self, session: Redis) -> str:
        """Return that none is left; raise FixFailed when one holds again what it held."""
        left = [key async for page in self._unchanged(session) for key in page]
        if left:
            raise FixFailed(f"{len(left):,} keys hold the same value again, such as {examples(left)}: something writes it.")
        return f"None of the {len(self.keys):,} keys holds the value that disagreed with its row."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """Restore each from what was kept; leaves alone what was made anew, and is idempotent. Raises SystemProblem."""
        mark, cursor = str(inverse["mark"]), 0
        while True:
            reply, names = await writer.ask("SCAN", cursor, "MATCH", f"runbook-kept:*{mark}*", "COUNT", 500)
            await _restore(writer, {name: told for name in names if (told := _told(name, mark))})
            cursor = int(reply)
            if cursor == 0:
                return


async def _restore(writer: RedisWriter, kept: dict[bytes, tuple[bytes, int]]) -> None:
    """Bring the keys back (name → key and deadline, at most 0: none) unless they are there or would have expired; then forget the copies."""
    now = await now_ms(writer) if kept else 0
    dumps = _whole(await writer.execute_many([("DUMP", name) for name in kept]))
    due = [(*told, dump) for told, dump in zip(kept.values(), dumps, strict=True) if dump is not None and not 0 < told[1] <= now]
    replies = await writer.execute_many([("RESTORE", key, max(deadline, 0), dump, "ABSTTL") for key, deadline, dump in due])
    _whole([reply for reply in replies if not (isinstance(reply, BadAnswer) and reply.code == "BUSYKEY")])
    _whole(await writer.execute_many([("UNLINK", name) for name in kept]))


def _kept(key: bytes, mark: str, deadline: int) -> bytes:
    """Return the name it is kept under, on the same node of a cluster: it has the key's own hash tag, or the key as one."""
    start = key.find(b"{")
    end = key.find(b"}", start + 1)
    tag = key[start + 1 : end] if 0 <= start < end - 1 else key
    return b"runbook-kept:{%s}:%s:%d:%s" % (tag, mark.encode(), deadline, key)


def _told(name: bytes, mark: str) -> tuple[bytes, int] | None:
    """Return the key and deadline that a kept name tells; None for another's."""
    _, found, rest = name.partition(b"}:%s:" % mark.encode())
    deadline, _, key = rest.partition(b":")
    return (key, int(deadline)) if found and deadline.lstrip(b"-").isdigit() else None


def _whole(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, SystemProblem):
            raise reply
    return replies
