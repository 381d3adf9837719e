"""The commits between two versions, as their authors described them.

Conventional Commits 1.0.0: `type(scope)!: description`. What is written otherwise has no type, and is a commit all the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from helpers.errors import BadAnswer
from helpers.git.connect import Checkout

__all__ = ["MOST", "Commit", "commits_between", "described", "is_ancestor"]

MOST = 500  # commits of one deployment: more is another program
_SUBJECT = re.compile(r"(?P<type>[A-Za-z]+)(?:\((?P<scope>[^()]{1,60})\))?(?P<bang>!)?: ")
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE: ", re.MULTILINE)
_FORMAT = "--format=%H%x1f%P%x1f%at%x1f%s%x1f%b%x1e"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: `kind`, `scope` and `is_breaking` where its subject is conventional; `at` is the author's time, UTC."""

    sha: str
    parents: tuple[str, ...]
    at: str
    kind: str
    scope: str
    is_breaking: bool
    subject: str

    @property
    def short(self) -> str:
        """The first characters of its hash, as people write it."""
        return self.sha[:10]


def described(subject: str, body: str = "") -> tuple[str, str, bool]:
    """Return type, scope and whether it breaks; type and scope are empty where the subject is not conventional; pure.

    Source: Conventional Commits 1.0.0.
    """
    found = _SUBJECT.match(subject)
    breaks = bool(_BREAKING.search(body)) or bool(found and found["bang"])
    return (found["type"].lower(), found["scope"] or "", breaks) if found else ("", "", breaks)


async def commits_between(checkout: Checkout, before: str, now: str) -> list[Commit]:
    """Return the first-parent commits after `before` up to `now`, the oldest first; a merge stands for what it brought.

    Args:
        checkout: The checkout.
        before: A full hash; commits reachable from it are left out.
        now: A full hash.

    Raises:
        SystemProblem: git cannot be run, or there are more than MOST.

    """
    said = await checkout.git("log", "--first-parent", f"--max-count={MOST + 1}", _FORMAT, f"{before}..{now}", "--")
    found = [_commit(record.strip("\n")) for record in said.split("\x1e") if record.strip()]
    if len(found) > MOST:
        raise BadAnswer("code", f"More than {MOST} commits lie between the versions.", remedy="Name a version nearer to it as `before`.")
    return found[::-1]


def _commit(record: str) -> Commit:
    sha, parents, at, subject, body = (record.split("\x1f") + [""] * 5)[:5]
    when = datetime.fromtimestamp(int(at), UTC)
    return Commit(sha, tuple(parents.split()), f"{when:%Y-%m-%dT%H:%M:%SZ}", *described(subject, body), subject)


async def is_ancestor(checkout: Checkout, before: str, now: str) -> bool:
    """Return whether `now` was made from `before`."""
    return (await checkout.git("rev-list", "--max-count=1", before, f"^{now}", "--")).strip() == ""
