"""What is set where, put together from its sources: the platform, what was pulled from it, and files that the build loads. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from helpers.variables.known import CommittedEnv, EnvRead, Variable

__all__ = ["COMPARED", "Known", "near", "needs", "seen", "settled", "where_set"]

COMPARED = ("production", "preview")
_ALIKE = 0.85  # of difflib: one letter of seven; `RATES_URL` and `RATE_URL`, not `API_URL` and `APP_URL`
_SHORTEST = 6
# Code that is run by hand or by a pipeline, with an environment of its own.
_ELSEWHERE = {"scripts", "script", "bin", "tools", "cli", "examples", "docs", "cypress", "playwright", ".storybook", "prisma", "drizzle", "migrations",
              "seed", "seeds"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What is known; None: that source could not be asked. `live_at` is when the deployment that serves production was made.

    `environments` are those that must have what the code requires; `same` the names whose values must not differ between them.
    """

    platform: Sequence[Variable] | None = None
    files: Sequence[Variable] | None = None
    reads: Sequence[EnvRead] | None = None
    committed: Sequence[CommittedEnv] | None = None
    live_at: str = ""
    environments: tuple[str, ...] = COMPARED
    same: tuple[str, ...] = ()


def settled(known: Known) -> list[Variable]:
    """Return what holds for whole environments: overrides for a branch are left out, values that were pulled since the last change put in.

    Without the platform, what was pulled from it stands for it. Files that git has are loaded by every build.
    """
    files = known.files or ()
    pulled = [one for one in files if one.kind == "pulled"]
    own = [found for one in known.platform or () if not one.branch for found in _completed(one, pulled)]
    return [*(pulled if known.platform is None else own), *(one for one in files if one.kind == "committed")]


def _completed(one: Variable, pulled: Sequence[Variable]) -> list[Variable]:
    """Return a variable of the platform by environment, with the hash of what was pulled of it where its own value is not readable."""
    if one.is_known:
        return [one]
    found = []
    for env in one.environments:
        fitting = (p for p in pulled if p.name == one.name and env in p.environments and p.changed_at > one.changed_at)
        value = next(fitting, one)
        found.append(replace(one, environments=[env], digest=value.digest, looks=value.looks))
    return found


def seen(known: Known) -> list[str]:
    """Return the environments of which it is known what is set: all, where the platform answers; else those that were pulled."""
    if known.platform is not None:
        return list(known.environments)
    pulled = {env for one in known.files or () if one.kind == "pulled" for env in one.environments}
    return [env for env in known.environments if env in pulled]


def where_set(known: Known) -> dict[str, set[str]]:
    """Return name → the environments that have it, whatever its value."""
    found: dict[str, set[str]] = {}
    for one in settled(known):
        found.setdefault(one.name, set()).update(one.environments)
    return found


def needs(known: Known) -> dict[str, tuple[str, str]]:
    """Return name → (how much the code needs it, where it says so); what is run by hand does not count."""
    found: dict[str, tuple[str, str]] = {}
    for need in ("required", "unknown", "optional"):
        for one in known.reads or ():
            if one.need == need and not _ELSEWHERE & set(one.file.split("/")[:-1]):
                found.setdefault(one.name, (need, one.place))
    return found


def near(name: str, lacking: Sequence[str], held: Mapping[str, set[str]], read: Collection[str]) -> str:
    """Return the name that is set in every environment that lacks `name`, is not in `read`, and is nearly the same; empty when there is none."""
    unread = sorted(other for other, where in held.items() if other not in read and where.issuperset(lacking))
    found = [other for other in unread if _is_near(name, other)]
    return found[0] if len(found) == 1 else ""


def _is_near(name: str, other: str) -> bool:
    one, two = (re.sub(r"^NEXT_PUBLIC_|_", "", word.upper()) for word in (name, other))
    if one == two:
        return True
    digits = re.findall(r"\d+", one) == re.findall(r"\d+", two)  # KEY_1 and KEY_2 are two keys
    return digits and min(len(one), len(two)) >= _SHORTEST and SequenceMatcher(None, one, two).ratio() >= _ALIKE
