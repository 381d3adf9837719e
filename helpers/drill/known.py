"""What people know of their own application before they know what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from statistics import median
from typing import Any

from helpers.errors import SystemProblem
from helpers.incident.systems import Systems
from helpers.settings import load_profile

__all__ = ["known_of", "known_to_anybody"]

# Who may read what, where the schema is written down, the pooler; and what users complain of: `query`, a statement that has become slow,
# `error`, the message they are shown.
STANDING = (
    "credentials_a",
    "credentials_b",
    "private",
    "public",
    "migrations",
    "compare_with",
    "compare_database",
    "pooler",
    "query",
    "error",
)
LIVES = ("prefix", "ttl_s")  # how long which keys are meant to live is written down, where somebody meant them to
OLD = ("endpoint", "field", "truth")  # whoever complains of an old value says where it stands, and what it should be
COPY = ("pattern", "table", "fields")  # whoever cached what says of which table, where it cannot be learned
RUNS = 5
TOO_SLOW = 0.8  # of what it takes now: whoever complains of a statement expects it to be faster than it is


def known_to_anybody(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a fault's parameters people know without knowing the fault: limits, and what STANDING, LIVES, OLD and COPY name."""
    told = set(STANDING)
    for names, sign in ((OLD, "truth"), (COPY, "pattern"), (LIVES, "ttl_s")):
        told |= set(names) if sign in parameters else set()
    return {name: value for name, value in parameters.items() if name in told or isinstance(value, int | float)}


async def known_of(parameters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is known of several faults at once; of a statement users complain of, the time they expect of it too (`slo_p95_ms`)."""
    known = {name: value for given in parameters for name, value in known_to_anybody(given).items()}
    if "query" in known and "slo_p95_ms" not in known:
        known["slo_p95_ms"] = await _expected_ms(known["query"])
    return known


async def _expected_ms(query: str) -> float:
    systems = Systems(await load_profile("sandbox"), "drill")
    took_ms = [150.0]  # the runbooks' own default, where it does not answer
    try:
        pg = await systems.get("postgres")
        with suppress(SystemProblem):
            for _ in range(RUNS):
                began = time.perf_counter()
                await pg.fetch(query, limit=100_000, timeout_s=10.0)
                took_ms.append((time.perf_counter() - began) * 1000)
    finally:
        await systems.close()
    return max(round(TOO_SLOW * median(took_ms[1:] or took_ms), 1), 0.1)
