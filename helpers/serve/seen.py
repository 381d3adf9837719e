"""What was taken a while ago, so that it is not taken anew; bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Seen"]

T = TypeVar("T")


class Seen(Generic[T]):
    """Keys with what they led to, each for `keep_s` seconds, `most` of them at a time."""

    def __init__(self, keep_s: float, most: int, clock: Callable[[], float]) -> None:
        self._keep_s = keep_s
        self._most = most
        self._clock = clock
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, key: str) -> T | None:
        """Return what the key led to, None when it is not known any more."""
        self._forget()
        found = self._kept.get(key)
        return found[1] if found else None

    def add(self, key: str, value: T) -> None:
        """Keep a key; the caller has looked whether there is room."""
        self._kept[key] = (self._clock(), value)

    @property
    def is_full(self) -> bool:
        """Whether there is no room: forgetting one too early would let it come again."""
        self._forget()
        return len(self._kept) >= self._most

    def _forget(self) -> None:
        oldest = self._clock() - self._keep_s
        while self._kept:  # in the order they came
            key = next(iter(self._kept))
            if self._kept[key][0] > oldest:
                return
            del self._kept[key]
