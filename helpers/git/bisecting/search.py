"""The first bad revision of a list, by halving, around revisions that cannot be judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Answer", "Ask", "Found", "first_bad"]

MOST = 20  # builds: what halving needs for a million revisions


class Answer(StrEnum):
    """What a revision was found to be; SKIP: it cannot be told at this revision."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"


Ask = Callable[[int], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Found:
    """The places that may be the first bad one (one: it is found; none: see `why`), and what was answered at which place."""

    candidates: list[int] = field(default_factory=list)
    answers: dict[int, Answer] = field(default_factory=dict)
    why: str = ""

    @property
    def place(self) -> int | None:
        """The first bad revision, None where it is not decided."""
        return self.candidates[0] if len(self.candidates) == 1 else None


async def first_bad(count: int, ask: Ask, *, most: int = MOST) -> Found:
    """Return the first bad one of `count` revisions in order, the last of which is known as bad and the one before the first (-1) as good.

    The last is asked first: what is not bad here cannot be searched for. -1 is asked only when nothing else was good.

    Args:
        count: How many revisions, of at least 1.
        ask: Tells what a revision is, by its place from 0; -1 is the one before them.
        most: Revisions asked, at most.

    Source: git-bisect(1), "Bisect skip": a revision beside the skipped one is taken, and several candidates may be left.
    """
    answers: dict[int, Answer] = {count - 1: await ask(count - 1)}
    if answers[count - 1] is not Answer.BAD:
        return Found([], answers, f"The last revision is {answers[count - 1]} where it was built here: the trouble does not show.")
    low, high = -1, count - 1
    while high - low > 1 and len(answers) < most:
        left = [place for place in range(low + 1, high) if place not in answers]
        if not left:
            break
        middle = min(left, key=lambda place: abs(2 * place - low - high))
        answers[middle] = await ask(middle)
        if answers[middle] is Answer.GOOD:
            low = middle
        elif answers[middle] is Answer.BAD:
            high = middle
    if low == -1:
        answers[-1] = await ask(-1)
        if answers[-1] is not Answer.GOOD:
            return Found([], answers, f"The version before is {answers[-1]} where it was built here: nothing tells good from bad.")
    return Found(list(range(low + 1, high + 1)), answers)
