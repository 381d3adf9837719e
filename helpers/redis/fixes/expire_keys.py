"""Give the keys of one prefix that never expire an expiry, spread over time, in small steps.

Only keys without an expiry are touched; each gets its own deadline, so they do not all expire at once. Undone, exactly these keys
are made persistent again: one that the application gave another expiry meanwhile keeps it.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from helpers.contracts import Fix, FixPreview
from helpers.errors import BadAnswer, FixFailed, ParameterError, SystemProblem
from helpers.redaction import redact_value
from helpers.redis.connect import Redis
from helpers.redis.deadlines import Deadlines, deadlines_of, now_ms
from helpers.redis.keys import has_token
from helpers.redis.prefixes import belongs, examples
from helpers.redis.walk import keys_of
from helpers.redis.write import RedisWriter

__all__ = ["ExpireKeys"]

JOURNAL_KEYS = 10_000  # more are found again by their deadlines: evidence stays readable
JOURNAL_BYTES = 1 << 20
SHORTEST_S = 60.0  # a fix must be undoable by a person


@dataclass(frozen=True)
class ExpireKeys(Fix):
    """Expire the prefix's persistent keys after `ttl_s` seconds, prolonged by up to `jitter` of it; `step` keys at a time."""

    prefix: str
    ttl_s: float
    jitter: float = 0.2
    step: int = 200

    needs: ClassVar[str] = "redis"

    def told(self, tell: Callable[[str], None]) -> Self:
        """Return this fix, which tells how many keys it has done."""
        object.__setattr__(self, "_tell", tell)  # no field: it is no JSON value, and takes no part in equality
        return self

    async def preview(self, session: Redis) -> FixPreview:
        """Return how many keys would get an expiry, and the journal of them. Raises ParameterError, FixFailed."""
        self._check()
        found: dict[bytes, None] = {}
        count = kept = 0
        async for page in keys_of(session, self.prefix):
            bare = [k for k, (at, _) in zip(page, await deadlines_of(session, page), strict=True) if at == -1]
            count, kept = count + len(bare), kept + len(page) - len(bare)
            if len(found) <= JOURNAL_KEYS:
                found |= dict.fromkeys(bare)
        if not count:
            return FixPreview([], needed=False, effects=[f"Every key of {self.prefix} has an expiry."])
        deadlines = Deadlines(await now_ms(session), int(self.ttl_s * 1000), self.jitter, secrets.token_hex(8))
        journal = [key.hex() for key in found] if _may_be_listed(found) else []
        inverse = {"prefix": self.prefix, "deadlines": deadlines.to_json(), "keys": journal}
        if redact_value(inverse) != inverse:
            raise FixFailed("A key looks like a secret, and could not be written down for the undo.", remedy="Choose a narrower prefix.")
        return FixPreview(
            statements=[f"PEXPIREAT key <{self._when()}> NX    # for {count:,} keys of {self.prefix}, such as {examples(found)}"],
            undo_statements=["PERSIST key    # for each of these keys whose deadline is still the one given here"],
            inverse=inverse, effects=self._effects(count, kept, journal=bool(journal)), advice=self._advice(),
        )  # fmt: skip

    def _check(self) -> None:
        if not self.prefix or self.ttl_s < SHORTEST_S or not 0 <= self.jitter <= 1 or not 1 <= self.step <= 1000:
            raise ParameterError(
                f"expire_keys needs a prefix, ttl_s >= {SHORTEST_S:g}, jitter 0 … 1, step 1 … 1000.",
                remedy="Give ttl_s: how long, in seconds, such a key is meant to live.",
            )

    def _when(self) -> str:
        return f"now + {self.ttl_s:,.0f} s, up to {self.ttl_s * (1 + self.jitter):,.0f} s"

    def _effects(self, count: int, kept: int, *, journal: bool) -> list[str]:
        how = "each is written down" if journal else "they are told by their deadlines, to the millisecond"
        return [
            f"{count:,} keys expire between {self.ttl_s:,.0f} and {self.ttl_s * (1 + self.jitter):,.0f} s from now, unless they are written again; "
            f"{kept:,} keys of the prefix that expire already are left alone.",
            f"Sent in steps of {self.step} keys; the server serves others in between. For the undo {how}.",
            "Once a key has expired it is gone: the undo brings back what has not expired yet.",
        ]

    def _advice(self) -> list[str]:
        return [
            f"Write keys of {self.prefix} with their expiry in one command (SET … EX {self.ttl_s:.0f}), and overwrite them with KEEPTTL: "
            "a plain SET drops the expiry."
        ]

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Expire them, looking again at each step which still have no expiry. Raises FixFailed."""
        deadlines = Deadlines.from_json(preview.inverse["deadlines"])
        done = 0
        async for page in _pages(writer, preview.inverse):
            if await now_ms(writer) > deadlines.start_ms + deadlines.ttl_ms // 2:
                raise FixFailed("Half of the time to live went by since the preview; run it again.")
            for start in range(0, len(page), self.step):
                done += await _expire(writer, page[start : start + self.step], deadlines)
                self.__dict__.get("_tell", str)(f"{done:,} keys of {self.prefix} have an expiry now")

    async def read_back(self, session: Redis) -> str:
        """Return how many keys of the prefix expire now; raise FixFailed when most still do not."""
        bare = count = 0
        async for page in keys_of(session, self.prefix):
            found = [at for at, _ in await deadlines_of(session, page) if at != -2]
            bare, count = bare + found.count(-1), count + len(found)
        if bare * 2 > count:
            raise FixFailed(f"{bare:,} of {count:,} keys of {self.prefix} still have no expiry.")
        return f"{count - bare:,} of {count:,} keys of {self.prefix} expire now."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """Make exactly these keys persistent again; idempotent, and after a crash in the middle too."""
        deadlines = Deadlines.from_json(inverse["deadlines"])
        async for page in _pages(writer, inverse):
            for start in range(0, len(page), self.step):
                own = await deadlines.own(writer, page[start : start + self.step])
                for reply in await writer.execute_many([("PERSIST", key) for key in own]):
                    if isinstance(reply, SystemProblem):
                        raise reply


def _may_be_listed(keys: Collection[bytes]) -> bool:
    """Whether a journal may name the keys: not too many, and none that is a secret by itself, as a session's id is."""
    return len(keys) <= JOURNAL_KEYS and sum(map(len, keys)) <= JOURNAL_BYTES and not any(map(has_token, keys))


async def _pages(writer: RedisWriter, inverse: dict[str, Any]) -> AsyncIterator[list[bytes]]:
    """Yield the keys of the journal, or where there are too many for one, all of the prefix."""
    keys = [bytes.fromhex(key) for key in inverse["keys"]]
    for start in range(0, len(keys), 1000):
        yield [key for key in keys[start : start + 1000] if belongs(key, inverse["prefix"])]
    if not keys:
        async for page in keys_of(writer, inverse["prefix"]):
            yield page


async def _expire(writer: RedisWriter, keys: list[bytes], deadlines: Deadlines) -> int:
    """Give those without an expiry theirs; returns how many. Raises SystemProblem."""
    bare = [key for key, (at, _) in zip(keys, await deadlines_of(writer, keys), strict=True) if at == -1]
    replies = await writer.execute_many([("PEXPIREAT", key, deadlines.of(key), "NX") for key in bare])
    if any(isinstance(reply, BadAnswer) for reply in replies):  # NX is 7.0+; the look just before is what remains without it
        replies = await writer.execute_many([("PEXPIREAT", key, deadlines.of(key)) for key in bare])
    for reply in replies:
        if isinstance(reply, SystemProblem):
            raise reply
    return len(bare)
