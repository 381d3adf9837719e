"""Give the counters of a limit that never expire the time to live of one window, and show the form of counting that cannot lose it.

Only integers of the prefix without an expiry are touched. Each one's number is kept: undone, it is persistent again, and one that has
expired by then is restored, unless a new one counts in its place.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import BadAnswer, FixFailed, ParameterError, SystemProblem
from helpers.redaction import redact_value
from helpers.redis.connect import Redis
from helpers.redis.counters import integers
from helpers.redis.deadlines import Deadlines, deadlines_of, now_ms
from helpers.redis.dumps import dump_of_integer
from helpers.redis.keys import has_token
from helpers.redis.patches import COUNTING
from helpers.redis.prefixes import belongs, examples
from helpers.redis.walk import keys_of
from helpers.redis.write import RedisWriter

__all__ = ["ExpireCounters"]

JOURNAL_KEYS = 5_000  # more are found again by their deadlines: evidence stays readable
JOURNAL_BYTES = 1 << 18
LATE_MS = 600_000  # a preview older than this was made for other counters


@dataclass(frozen=True)
class ExpireCounters(Fix):
    """Expire the prefix's persistent counters `ttl_s` seconds from now, prolonged by up to `jitter` of it."""

    prefix: str
    ttl_s: float
    jitter: float = 0.05

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return how many counters would get an expiry, and the journal of them. Raises ParameterError, FixFailed."""
        if not self.prefix or self.ttl_s < 1 or not 0 <= self.jitter <= 1:
            raise ParameterError(
                "expire_counters needs a prefix, ttl_s >= 1 and jitter 0 … 1.",
                remedy="Give ttl_s: how long, in seconds, one window is.",
            )
        found: dict[bytes, int | None] = {}
        async for page in _stuck(session, self.prefix):
            found |= page
        if not found:
            return FixPreview([], needed=False, effects=[f"Every counter of {self.prefix} has an expiry."])
        deadlines = Deadlines(await now_ms(session), int(self.ttl_s * 1000), self.jitter, secrets.token_hex(8))
        journal = [[key.hex(), value] for key, value in found.items()] if _may_be_listed(found) else []
        inverse = {"prefix": self.prefix, "deadlines": deadlines.to_json(), "counters": journal}
        if redact_value(inverse) != inverse:
            raise FixFailed("A key looks like a secret, and could not be written down for the undo.", remedy="Choose a narrower prefix.")
        return FixPreview(
            statements=[f"PEXPIREAT key <now + {self.ttl_s:,.0f} s> NX    # for {len(found):,} counters, such as {examples(found)}"],
            undo_statements=[
                "PERSIST key    # for each of these counters whose deadline is still the one given here",
                *(["RESTORE key 0 <its number>    # for each that has expired, unless there is a new one"] if journal else []),
            ],
            inverse=inverse, effects=self._effects(found, restorable=bool(journal)), advice=self._advice(),
        )  # fmt: skip

    def _effects(self, found: dict[bytes, int | None], *, restorable: bool) -> list[str]:
        values = [value for value in found.values() if value is not None]
        high = f", which stand at up to {max(values):,}," if values else ""
        kept = "each number is written down" if restorable else "they are told by their deadlines, and cannot come back once expired"
        return [
            f"{len(found):,} counters of {self.prefix}{high} end in {self.ttl_s:,.0f} s; whoever they lock out may come in again then. "
            "A smaller ttl_s lets them in sooner.",
            f"Counters that expire already are left alone. For the undo {kept}.",
        ]

    def _advice(self) -> list[str]:
        return [
            f"Count {self.prefix} in one step, so that no counter can be left without its expiry: SET key 0 EX {self.ttl_s:.0f} NX with INCR "
            "in one MULTI, or a script.",
            "Until that is deployed this can come back with every process that dies: run this again.",
        ]

    def patch(self, preview: FixPreview) -> str:
        """Return the atomic form of counting, for the code base."""
        return COUNTING.format(window_s=f"{self.ttl_s:.0f}")

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Expire them, looking again at each which still is a counter without an expiry. Raises FixFailed."""
        deadlines = Deadlines.from_json(preview.inverse["deadlines"])
        if await now_ms(writer) > deadlines.start_ms + min(deadlines.ttl_ms, LATE_MS):
            raise FixFailed("One window went by since the preview; run it again.")
        listed = [bytes.fromhex(key) for key, _ in preview.inverse["counters"]]
        pages = _listed(writer, listed, self.prefix) if listed else _stuck(writer, self.prefix)
        async for page in pages:
            await _expire(writer, list(page), deadlines)

    async def read_back(self, session: Redis) -> str:
        """Return that every counter of the prefix expires; raise FixFailed when some still do not."""
        bare = 0
        async for page in _stuck(session, self.prefix):
            bare += len(page)
        if bare:
            raise FixFailed(f"{bare:,} counters of {self.prefix} still have no expiry.")
        return f"Every counter of {self.prefix} expires."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """Make exactly these counters persistent again, and restore those that have expired; idempotent, after a crash too."""
        deadlines = Deadlines.from_json(inverse["deadlines"])
        journal = {bytes.fromhex(key): value for key, value in inverse["counters"]}
        if not journal:
            async for page in keys_of(writer, inverse["prefix"]):
                await _persist(writer, await deadlines.own(writer, page))
            return
        await _persist(writer, await deadlines.own(writer, list(journal)))
        now, found = await now_ms(writer), await deadlines_of(writer, list(journal))
        gone = [key for key, (at, _) in zip(journal, found, strict=True) if at == -2 and deadlines.of(key) <= now]
        await _restore(writer, {key: journal[key] for key in gone if journal[key] is not None})


def _may_be_listed(found: dict[bytes, int | None]) -> bool:
    """Whether a journal may name the keys: not too many, and none that is a secret by itself, as an API token is."""
    return len(found) <= JOURNAL_KEYS and sum(map(len, found)) <= JOURNAL_BYTES and not any(map(has_token, found))


async def _stuck(redis: Redis, prefix: str) -> AsyncIterator[dict[bytes, int | None]]:
    """Yield the prefix's integers without an expiry, a page at a time."""
    async for page in keys_of(redis, prefix):
        yield await _still_stuck(redis, page)


async def _listed(redis: Redis, keys: list[bytes], prefix: str) -> AsyncIterator[dict[bytes, int | None]]:
    for start in range(0, len(keys), 500):
        yield await _still_stuck(redis, [key for key in keys[start : start + 500] if belongs(key, prefix)])


async def _still_stuck(redis: Redis, keys: list[bytes]) -> dict[bytes, int | None]:
    bare = [key for key, (at, _) in zip(keys, await deadlines_of(redis, keys), strict=True) if at == -1]
    return await integers(redis, bare)


async def _expire(writer: RedisWriter, keys: list[bytes], deadlines: Deadlines) -> None:
    replies = await writer.execute_many([("PEXPIREAT", key, deadlines.of(key), "NX") for key in keys])
    if any(isinstance(reply, BadAnswer) for reply in replies):  # NX is 7.0+; the look just before is what remains without it
        replies = await writer.execute_many([("PEXPIREAT", key, deadlines.of(key)) for key in keys])
    _raise_first(replies)


async def _persist(writer: RedisWriter, keys: list[bytes]) -> None:
    _raise_first(await writer.execute_many([("PERSIST", key) for key in keys]))


async def _restore(writer: RedisWriter, values: dict[bytes, int]) -> None:
    replies = await writer.execute_many([("RESTORE", key, 0, dump_of_integer(value)) for key, value in values.items()])
    _raise_first([reply for reply in replies if getattr(reply, "code", "") != "BUSYKEY"])  # a new one counts in its place


def _raise_first(replies: list[Any]) -> None:
    for reply in replies:
        if isinstance(reply, SystemProblem):
            raise reply
