"""Which faults a round injects: drawn from a seed, so that a round can be played again."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from helpers.errors import UsageError
from helpers.sandbox.faults import faults, load_fault
from helpers.sandbox.sandbox import SERVICES, WEB

__all__ = ["Difficulty", "Injection", "Round", "checked", "draw", "playable"]


class Difficulty(StrEnum):
    """One fault; one beside something that only looks broken; two faults of different areas at once."""

    SINGLE = "single"
    HERRING = "herring"
    TWO = "two"


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault in one variant."""

    fault: str
    variant: str
    area: str


@dataclass(frozen=True, slots=True)
class Round:
    """What one round injects, in this order, and the services it takes."""

    seed: int
    difficulty: Difficulty
    injections: Sequence[Injection]
    services: Sequence[str]


AREAS = ("postgres", "redis", "api", "platform")


def checked(difficulty: str, area: str) -> tuple[str, str]:
    """Return both as they are. Raises UsageError when one of them is none."""
    for given, known, what in ((difficulty, tuple(map(str, Difficulty)), "difficulty"), (area, ("", *AREAS), "area")):
        if given not in known:
            raise UsageError(f"{given!r} is no {what}.", remedy=f"Known: {', '.join(name for name in known if name)}.")
    return difficulty, area


@cache
def playable(area: str = "", *, lookalike: bool = False) -> tuple[Injection, ...]:
    """Return every fault and variant (or look-alike) of an area, of all areas when empty, in a fixed order."""
    known = [f for f in faults() if area in ("", f["area"]) and load_fault(f["name"]).lookalike is lookalike]
    return tuple(Injection(f["name"], variant, f["area"]) for f in known for variant in f["variants"])


def draw(seed: int, difficulty: Difficulty = Difficulty.SINGLE, *, area: str = "") -> Round:
    """Return the round of this seed: every fault as likely as every other, then one of its variants.

    Args:
        seed: Any number; the same gives the same round.
        difficulty: See Difficulty.
        area: Only faults of this area; empty: of all.

    """
    chance = random.Random(zlib.crc32(f"{seed} {difficulty} {area}".encode()))  # noqa: S311 (a game)
    first = _pick(chance, playable(area))
    web = "web" in load_fault(first.fault).services
    chosen = [first]
    if difficulty is Difficulty.HERRING:
        chosen.insert(0, _pick(chance, [i for i in playable(lookalike=True) if _fits(i, web)]))
    if difficulty is Difficulty.TWO:
        chosen.append(_pick(chance, [i for i in playable() if i.area != first.area and _fits(i, web)]))
    return Round(seed, difficulty, chosen, WEB if web else SERVICES)


def _pick(chance: random.Random, among: Sequence[Injection]) -> Injection:
    name = chance.choice(sorted({i.fault for i in among}))
    return chance.choice([i for i in among if i.fault == name])


def _fits(injection: Injection, web: bool) -> bool:
    """Whether it can be injected beside the services of the round."""
    return set(load_fault(injection.fault).services) <= set(WEB if web else SERVICES)
