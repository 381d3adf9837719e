"""Let keys that would expire in one moment expire over a span of time before it, each by its own amount.

No key lives longer than it was meant to. Each key's shift follows from the key and a recorded seed, and is longer than the moment lasts:
so the server itself tells which keys were shifted, and the undo computes every deadline back to the millisecond. A key that was written
anew since has another deadline, and is left alone.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError, SystemProblem
from helpers.redis.clumps import clump_of
from helpers.redis.connect import Redis
from helpers.redis.deadlines import TOLERANCE_MS, deadlines_of, now_ms
from helpers.redis.prefixes import examples
from helpers.redis.walk import keys_of
from helpers.redis.write import RedisWriter

__all__ = ["SpreadExpiry"]

SPREAD = 0.8  # of the time that is left: what expires first still has a fifth of it
LEFT_S = 5.0  # with less, they expire while they are being spread
ENOUGH_PCT = 25.0
FEWEST_MOMENTS = 4  # spread over fewer moments than these they would still come in a burst
STEP = 200


@dataclass(frozen=True)
class SpreadExpiry(Fix):
    """Spread the prefix's largest clump; not needed when less than `enough_pct` of its keys expire together."""

    prefix: str
    enough_pct: float = ENOUGH_PCT

    needs: ClassVar[str] = "redis"

    def told(self, tell: Callable[[str], None]) -> Self:
        """Return this fix, which tells how many keys it has done."""
        object.__setattr__(self, "_tell", tell)  # no field: it is no JSON value, and takes no part in equality
        return self

    async def preview(self, session: Redis) -> FixPreview:
        """Return which keys would expire when. Raises ParameterError, FixFailed, SystemProblem."""
        if not self.prefix or not 0 < self.enough_pct < 100:
            raise ParameterError("spread_expiry needs a prefix, and enough_pct between 0 and 100.")
        now, found = await now_ms(session), dict[bytes, int]()
        async for page in keys_of(session, self.prefix):
            found |= {key: at for key, (at, _) in zip(page, await deadlines_of(session, page), strict=True)}
        clump = clump_of(self.prefix, list(found.values()), now)
        if clump is None or clump.share_pct <= self.enough_pct:
            return FixPreview([], needed=False, effects=[f"The keys of {self.prefix} do not expire together."])
        start, end = clump.start_ms - TOLERANCE_MS, clump.end_ms + TOLERANCE_MS
        left, lasts = clump.start_ms - now, end - start + 1
        if left < LEFT_S * 1000 or left * SPREAD < FEWEST_MOMENTS * lasts:
            raise FixFailed(f"They expire in {left / 1000:.1f} s: too late to spread them.", remedy="Run it again once they are made anew.")
        shifts: dict[str, Any] = {"shortest_ms": lasts, "longest_ms": int(left * SPREAD), "seed": secrets.token_hex(8)}
        due = [key for key, at in found.items() if start <= at <= end]
        return FixPreview(
            statements=[f"PEXPIREAT key <its expiry - {shifts['shortest_ms'] / 1000:.1f} … {shifts['longest_ms'] / 1000:.1f} s>    "
                        f"# for {len(due):,} keys of {self.prefix}, such as {examples(due)}"],
            undo_statements=["PEXPIREAT key <its expiry + the same>    # for each of these keys that was not written since"],
            inverse={"prefix": self.prefix, "start_ms": start, "end_ms": end, **shifts},
            effects=self._effects(len(due), clump.share_pct, shifts), advice=self._advice(clump.ttl_s),
        )  # fmt: skip

    def _effects(self, count: int, share: float, shifts: dict[str, Any]) -> list[str]:
        return [
            f"{count:,} keys, {share:.0f} % of {self.prefix}, that expire in one moment expire up to {shifts['longest_ms'] / 1000:,.0f} s before it, "
            "spread evenly; none lives longer than it was meant to.",
            f"In steps of {STEP} keys; the server serves others in between. What expires meanwhile is made anew a little earlier than otherwise.",
            "Once a key has expired it is gone: the undo gives those that are left their deadlines back.",
        ]

    def _advice(self, ttl_s: float) -> list[str]:
        return [
            f"Write keys of {self.prefix} with a time to live that differs from key to key: EX ttl ± 10 … 25 %, here about {ttl_s:,.0f} s.",
            "Let one client make a missing value while the others wait or serve the old one (single flight): SET lock NX PX, see single_flight.",
        ]

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Shift them, looking again at each step which still expire in that moment. Raises SystemProblem."""
        done = 0
        async for keys in _pages(writer, self.prefix):
            done += await _shift(writer, keys, preview.inverse, sign=-1)
            self.__dict__.get("_tell", str)(f"{done:,} keys of {self.prefix} are spread")

    async def read_back(self, session: Redis) -> str:
        """Return how many of the prefix's keys expire together now; raise FixFailed when it is as many as before."""
        now, found = await now_ms(session), dict[bytes, int]()
        async for page in keys_of(session, self.prefix):
            found |= {key: at for key, (at, _) in zip(page, await deadlines_of(session, page), strict=True)}
        clump = clump_of(self.prefix, list(found.values()), now)
        if clump and clump.share_pct > 2 * self.enough_pct:
            raise FixFailed(f"{clump.share_pct:.0f} % of the keys of {self.prefix} still expire together.")
        share = clump.share_pct if clump else 0.0
        return f"At most {share:.0f} % of the keys of {self.prefix} expire in one moment now."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """Give each shifted key its deadline back; idempotent, and after a crash in the middle too. Raises SystemProblem."""
        async for keys in _pages(writer, str(inverse["prefix"])):
            await _shift(writer, keys, inverse, sign=1)


async def _pages(writer: RedisWriter, prefix: str) -> AsyncIterator[list[bytes]]:
    async for page in keys_of(writer, prefix):
        for start in range(0, len(page), STEP):
            yield page[start : start + STEP]


async def _shift(writer: RedisWriter, keys: list[bytes], how: dict[str, Any], *, sign: int) -> int:
    """Shift the keys that are in the moment (`sign` -1), or that came from it (1); returns how many. Raises SystemProblem."""
    found = dict(zip(keys, [at for at, _ in await deadlines_of(writer, keys)], strict=True))
    meant = {key: at if sign < 0 else at + shift_of(key, how) for key, at in found.items() if at > 0}
    own = [key for key, at in meant.items() if how["start_ms"] <= at <= how["end_ms"]]
    replies = await writer.execute_many([("PEXPIREAT", key, found[key] + sign * shift_of(key, how)) for key in own])
    for reply in replies:
        if isinstance(reply, SystemProblem):
            raise reply
    return len(own)


def shift_of(key: bytes, how: dict[str, Any]) -> int:
    """Return by how many ms this key is shifted: at least as long as the moment lasts, so that no shifted key is in it. Pure."""
    number = int.from_bytes(hashlib.blake2b(key, key=str(how["seed"]).encode()[:64], digest_size=8).digest()) / 2**64
    return int(how["shortest_ms"] + number * (how["longest_ms"] - how["shortest_ms"]))
