"""What is wrong with environment variables: the rules, each with what it must not be mistaken for. Pure.

That a value differs between environments is what environments are for, and never a finding by itself: only names that a person says must be
the same are compared. A finding is certain where the rows leave no innocent explanation; what could be meant is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from helpers.variables.known import CommittedEnv, Variable
from helpers.variables.secrecy import committed_secrets, public_secrets
from helpers.variables.setting import Known, near, needs, seen, settled, where_set

__all__ = ["KINDS", "Finding", "findings"]

# Worst first: what is out is out; then what fails now; then what will.
KINDS = ("public_secret", "in_history", "misspelt", "missing", "empty", "placeholder", "untidy", "not_deployed", "differs")
_MINE = re.compile(r"VERCEL(_\w+)?|NEXT_(RUNTIME|PHASE|TELEMETRY_DISABLED|DEPLOYMENT_ID)|NODE_(ENV|OPTIONS)|CI|PORT|HOST(NAME)?|PATH|HOME|TZ|LANG|"
                   r"PWD|USER|SHELL|DEBUG|ANALYZE|AWS_(REGION|LAMBDA_\w+)|npm_\w+|GITHUB_\w+|NOW_\w+|TURBO_\w+")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one variable; `what` says it in words, `other` is a second name where there is one."""

    variable: str
    kind: str
    environments: list[str]
    certain: bool
    what: str
    where: str = ""
    other: str = ""

    @property
    def subject(self) -> str:
        """Return what a diagnosis names."""
        return f"{self.variable}: {self.what}"


def findings(known: Known) -> list[Finding]:
    """Return everything that is wrong, the worst first; the certain before the doubtful."""
    rules = (_absent, _unfit, _untidy, _not_deployed, _differing)
    found = [one for rule in rules for one in rule(known)]
    found += [Finding(name, "public_secret", where, sure, what, "", other) for name, where, sure, what, other in public_secrets(known)]
    found += [_in_history(one, known, sure) for one, sure in committed_secrets(known)]
    return sorted(found, key=lambda one: (not one.certain, KINDS.index(one.kind), one.variable))


def _in_history(one: CommittedEnv, known: Known, sure: bool) -> Finding:
    what = f"a secret in git ({one.file})" if one.tracked else f"a secret in git's history ({one.file})"
    held = [env for env in known.environments if any(v.digest == one.digest and env in v.environments for v in settled(known))]
    return Finding(one.name, "in_history", held, sure, what, f"{one.file} at {one.commit}")


def _absent(known: Known) -> Iterator[Finding]:
    """Yield what the code reads and an environment lacks, and which name it may have been given there instead."""
    held, seen_in, anywhere = where_set(known), seen(known), {one.name for one in known.reads or ()}
    for name, (need, place) in sorted(needs(known).items()):
        lacking = [env for env in seen_in if env not in held.get(name, ())]
        if not lacking or _MINE.fullmatch(name):
            continue
        other = near(name, lacking, held, anywhere)
        words = ", ".join(lacking)
        if other:
            yield Finding(name, "misspelt", lacking, need != "optional", f"set as {other} in {words}", place, other)
        elif need == "required":
            yield Finding(name, "missing", lacking, True, f"missing in {words}", place)
        elif need == "unknown" and "production" in lacking and name in held:
            yield Finding(name, "missing", lacking, False, f"missing in {words}, and set elsewhere", place)


def _unfit(known: Known) -> Iterator[Finding]:
    """Yield values that are none: empty where the code cannot do without, or a placeholder."""
    read = needs(known)
    for name, held in _by_name(known):
        need, place = read.get(name, ("unread" if known.reads is not None else "unknown", ""))
        empty = _in(known, [one for one in held if "empty" in one.looks])
        if empty and need in ("required", "unknown"):
            yield Finding(name, "empty", empty, need == "required", f"empty in {', '.join(empty)}", place)
        filler = _in(known, [one for one in held if "placeholder" in one.looks])
        if filler and need != "unread":
            yield Finding(name, "placeholder", filler, known.reads is not None, f"a placeholder in {', '.join(filler)}", place)


def _untidy(known: Known) -> Iterator[Finding]:
    """Yield values with something around them that nobody typed on purpose."""
    read = needs(known)
    for name, held in _by_name(known):
        for word in ("line break", "space", "quotes"):
            where = _in(known, [one for one in held if word in one.looks])
            if where and (known.reads is None or name in read):
                yield Finding(name, "untidy", where, True, f"{word} around its value in {', '.join(where)}", read.get(name, ("", ""))[1])


def _not_deployed(known: Known) -> Iterator[Finding]:
    """Yield what was changed after the deployment that serves production was made: a deployment keeps the values it was made with."""
    read = needs(known)
    changed = sorted({one.name for one in known.platform or () if known.live_at and "production" in one.environments and not one.branch
                      and one.changed_at > known.live_at and not _MINE.fullmatch(one.name)})  # fmt: skip
    for name in changed:
        if known.reads is None or name in read:
            what = "changed after the deployment that serves production"
            yield Finding(name, "not_deployed", ["production"], known.reads is not None, what, read.get(name, ("", ""))[1])


def _differing(known: Known) -> Iterator[Finding]:
    """Yield what a person said must be the same, and is not."""
    held = dict(_by_name(known))
    for name in known.same:
        places = {env: {one.digest for one in held.get(name, []) if env in one.environments} for env in known.environments}
        digests = [next(iter(found)) if len(found) == 1 else "" for found in places.values()]
        if all(digests) and len(set(digests)) > 1:
            yield Finding(name, "differs", list(known.environments), True, f"differs between {' and '.join(known.environments)}")
        elif not all(digests) and any(places.values()):
            yield Finding(name, "differs", list(known.environments), False, "cannot be compared: a value is not readable")


def _by_name(known: Known) -> Iterator[tuple[str, list[Variable]]]:
    held: dict[str, list[Variable]] = {}
    for one in settled(known):
        held.setdefault(one.name, []).append(one)
    yield from sorted((name, rows) for name, rows in held.items() if not _MINE.fullmatch(name))


def _in(known: Known, rows: Sequence[Variable]) -> list[str]:
    return [env for env in known.environments if any(env in one.environments for one in rows)]
