"""Which prefixes hold sessions: the one that is given, or those that are called as people and frameworks call them."""

from __future__ import annotations

import re

from helpers.redis.connect import Redis
from helpers.redis.keyspace import sample
from helpers.redis.prefixes import ID, NAME

__all__ = ["EXPLAINS", "FEWEST", "explains", "session_prefixes"]

MOST_PREFIXES = 4
FEWEST = 10  # new sessions: fewer say nothing
EXPLAINS = 0.5  # new sessions per miss: logins beside a cache that fills have fewer

# sess: (express), spring:session:, rack:session:, laravel_session, PHPREDIS_SESSION:, sid, login, auth …
_WORDS = re.compile(r"(?i)sess|(?<![a-z])(sids?|log[io]ns?|auth|jwt|tokens?|cookies?|remember)(?![a-z])")


async def session_prefixes(redis: Redis, prefix: str = "") -> list[str]:
    """Return `prefix`, or where it is empty up to four that expire and are called as sessions are, the largest first. Raises SystemProblem."""
    if prefix:
        return [prefix]
    found = await sample(redis)
    rows = found.tally.rows(found.total_keys) if found.tally.count else []
    rows = [row for row in rows if (ID in row.prefix or NAME in row.prefix) and _WORDS.search(row.prefix) and row.ttl_s is not None]
    return [row.prefix for row in sorted(rows, key=lambda row: -row.keys)[:MOST_PREFIXES]]


def explains(made: float, misses: float) -> bool:
    """Whether so many new sessions in a time explain so many misses in it; pure."""
    return made >= FEWEST and made >= EXPLAINS * misses
