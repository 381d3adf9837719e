"""The smallest part of something that still shows a failure: delta debugging, with a bound on how often it is tried.

Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, IEEE TSE 28 (2002), algorithm ddmin.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

__all__ = ["ddmin"]

T = TypeVar("T")


async def ddmin(parts: Sequence[T], fails: Callable[[list[T]], Awaitable[bool]], most: int) -> tuple[list[T], int]:
    """Return a smallest part that still fails, in order, and how many tries it took; 1-minimal unless the tries ran out.

    Args:
        parts: What fails as a whole; that is not tried again.
        fails: Whether these parts fail.
        most: How often it may be asked.

    """
    left, tries, pieces = list(parts), 0, 2
    while len(left) >= 1:
        chunks = _split(left, min(pieces, len(left)))
        for kept in _smaller(chunks):
            if tries >= most:
                return left, tries
            tries += 1
            if await fails(kept):
                pieces = 2 if len(kept) < len(left) - len(kept) else max(pieces - 1, 2)
                left = kept
                break
        else:
            if pieces >= len(left):
                return left, tries
            pieces = min(2 * pieces, len(left))
    return left, tries


def _split(parts: list[T], pieces: int) -> list[list[T]]:
    bounds = [round(n * len(parts) / pieces) for n in range(pieces + 1)]
    return [parts[a:b] for a, b in itertools.pairwise(bounds)]


def _smaller(chunks: list[list[T]]) -> list[list[T]]:
    """Return each chunk alone, then everything but each: what is smaller than the whole."""
    if len(chunks) == 1:
        return [[]]
    without = [[part for other in chunks if other is not chunk for part in other] for chunk in chunks]
    return [*chunks, *(without if len(chunks) > 2 else [])]
