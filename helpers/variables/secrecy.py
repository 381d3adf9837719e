"""Secrets where everybody can read them: in variables that a build writes into what browsers load, and in git. Pure.

Source: Next.js documentation, Environment Variables, Bundling Environment Variables for the Browser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helpers.variables.dotenv import ENVIRONMENTS
from helpers.variables.known import CommittedEnv, Variable
from helpers.variables.setting import Known, settled
from helpers.variables.shapes import named_public, named_secret

__all__ = ["PUBLIC", "committed_secrets", "public_secrets"]

PUBLIC = "NEXT_PUBLIC_"
Found = tuple[str, list[str], bool, str, str]


def public_secrets(known: Known) -> Iterator[Found]:
    """Yield (name, environments, certain, what, the secret it is the same as) of public variables that hold a secret, or may.

    Certain: the form of a secret, the hash of a variable that is a secret, or a random value under a secret's name. Told apart: publishable
    keys, DSNs of error trackers, ids of analytics, addresses, keys for the browser that are named so.
    """
    held = settled(known)
    private = [one for one in held if not one.name.startswith(PUBLIC) and one.digest and _is_private(one)]
    names = sorted({one.name for one in held if one.name.startswith(PUBLIC)})
    for name in names:
        rows = [one for one in held if one.name == name]
        sure = [one for one in rows if _is_secret(one, private)]
        if sure:
            twin = next((p.name for one in sure for p in private if p.digest == one.digest), "")
            what = "a secret in what browsers load" + (f", the same as {twin}" if twin else "")
            yield name, _where(sure), True, what, twin
        elif any(_is_doubtful(one) for one in rows):
            yield name, _where([one for one in rows if _is_doubtful(one)]), False, "may be a secret in what browsers load", ""


def _is_private(one: Variable) -> bool:
    return "public" not in one.looks and ("secret" in one.looks or "random" in one.looks or named_secret(one.name))


def _is_secret(one: Variable, private: Sequence[Variable]) -> bool:
    if "public" in one.looks or not one.digest:
        return False
    if "secret" in one.looks or any(p.digest == one.digest for p in private):
        return True
    return "random" in one.looks and named_secret(one.name)


def _is_doubtful(one: Variable) -> bool:
    """Return whether it may be one: a secret's name with a value that cannot be read, or a random value named as a key."""
    if one.is_known:
        return "random" in one.looks and any(word in one.name for word in ("KEY", "TOKEN")) and not named_public(one.name)
    return named_secret(one.name)


def _where(rows: Sequence[Variable]) -> list[str]:
    return [env for env in ENVIRONMENTS if any(env in one.environments for one in rows)]


def committed_secrets(known: Known) -> Iterator[tuple[CommittedEnv, bool]]:
    """Yield the secrets git holds, by name, and whether it is certain that they still count: those that were issued anew do not."""
    for name in sorted({one.name for one in known.committed or ()}):
        rows = [one for one in known.committed or () if one.name == name]
        standing = [(one, _counts(one, known)) for one in rows]
        left = [(one, sure) for one, sure in standing if sure is not None]
        if left:
            yield max(left, key=lambda pair: (pair[1] is True, pair[0].tracked, pair[0].at))


def _counts(one: CommittedEnv, known: Known) -> bool | None:
    """Return whether a committed secret still counts; None where the platform has another value since."""
    held = [v for v in settled(known) if v.name == one.name and v.kind != "committed"]
    if any(v.digest == one.digest for v in held):
        return True
    if not held:
        return known.platform is None or one.tracked
    changed = [bool(v.digest) or v.changed_at[:19] > one.at[:19] for v in held]  # commits know no fractions of a second
    return None if all(changed) else True
