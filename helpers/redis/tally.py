"""Keys counted by prefix: shares with their confidence intervals, from a sample or from all keys.

Counted as they come, so a full scan of millions needs no more memory than a sample.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from helpers.redis.prefixes import examples, learn

__all__ = ["Interval", "KeyFacts", "PrefixRow", "Tally"]

Interval = tuple[float, float]
Z = 1.96  # 95 %
MOST_SHAPES = 20_000
_EXAMPLES = 3


class KeyFacts(NamedTuple):
    """One key as the server describes it; `ttl_ms` -1: no expiry; `bytes` and `idle_s` None: the server does not say."""

    key: bytes
    shape: str
    type: str
    ttl_ms: int
    bytes: int | None = None
    idle_s: int | None = None


@dataclass(frozen=True, slots=True)
class PrefixRow:
    """One prefix; numbers of a sample are estimates for all keys, `*_ci` their 95 % intervals, shares in per cent.

    `without_ttl_pct` is the share of the prefix's own keys that never expire; `ttl_s` the longest time to live seen on the others.
    """

    prefix: str
    keys: int
    keys_pct: float
    keys_pct_ci: Interval
    bytes: int | None
    bytes_pct: float | None
    bytes_pct_ci: Interval | None
    without_ttl_pct: float
    without_ttl_pct_ci: Interval
    ttl_s: float | None
    idle_s: float | None
    types: str
    sampled: int
    example: str


@dataclass(slots=True)
class _Sum:
    count: int = 0
    persistent: int = 0
    size: float = 0.0
    squared: float = 0.0
    longest_ms: int = -1
    shortest_ms: int = -1
    idle_s: float = 0.0
    types: Counter[str] = field(default_factory=Counter)
    examples: list[bytes] = field(default_factory=list)

    def add(self, one: KeyFacts) -> None:
        self.count += 1
        size = one.bytes or 0
        self.size += size
        self.squared += size * size
        self.idle_s += one.idle_s or 0
        self.types[one.type] += 1
        if one.ttl_ms < 0:
            self.persistent += 1
        else:
            self.longest_ms = max(self.longest_ms, one.ttl_ms)
            self.shortest_ms = one.ttl_ms if self.shortest_ms < 0 else min(self.shortest_ms, one.ttl_ms)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(one.key)

    def merge(self, other: _Sum) -> None:
        for name in ("count", "persistent", "size", "squared", "idle_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        self.shortest_ms = min((s for s in (self.shortest_ms, other.shortest_ms) if s >= 0), default=-1)
        self.types += other.types
        self.examples = (self.examples + other.examples)[:_EXAMPLES]


class Tally:
    """Counts by prefix; `exact` when every key was counted."""

    def __init__(self) -> None:
        self.sums: dict[str, _Sum] = {}
        self.count = 0
        self.exact = False
        self.knows_bytes = True
        self.knows_idle = True

    def add(self, one: KeyFacts) -> None:
        """Count one key."""
        self.count += 1
        self.knows_bytes = self.knows_bytes and one.bytes is not None
        self.knows_idle = self.knows_idle and one.idle_s is not None
        own = self.sums.get(one.shape)
        if own is None:
            own = self.sums[one.shape] = _Sum()
        own.add(one)
        if len(self.sums) > MOST_SHAPES:
            self.sums = self.by_prefix()

    def by_prefix(self) -> dict[str, _Sum]:
        """Return the sums by learned prefix."""
        names = learn({shape: s.count for shape, s in self.sums.items()})
        merged: dict[str, _Sum] = {}
        for shaped, prefix in names.items():
            merged.setdefault(prefix, _Sum()).merge(self.sums[shaped])
        return merged

    def rows(self, total_keys: int) -> list[PrefixRow]:
        """Return one row per prefix, the largest by bytes (or by keys, where bytes are not known) first; empty for no keys.

        Args:
            total_keys: How many keys there are in all (DBSIZE).

        """
        sums = self.by_prefix()
        all_bytes, squares = sum(s.size for s in sums.values()), sum(s.squared for s in sums.values())
        rows = [self._row(prefix, s, total_keys, all_bytes, squares) for prefix, s in sums.items()]
        return sorted(rows, key=lambda r: (-(r.bytes if r.bytes is not None else r.keys), r.prefix))

    def _row(self, prefix: str, s: _Sum, total_keys: int, all_bytes: float, squares: float) -> PrefixRow:
        share = s.size / all_bytes if all_bytes else 0.0
        scale = 1.0 if self.exact else total_keys / self.count
        known = self.knows_bytes
        interval = (share, share) if self.exact else _ratio_interval(share, s.squared, squares, all_bytes)
        return PrefixRow(
            prefix=prefix, keys=round(s.count * scale), keys_pct=round(100 * s.count / self.count, 2),
            keys_pct_ci=self._proportion(s.count, self.count), bytes=round(s.size * scale) if known else None,
            bytes_pct=round(100 * share, 2) if known else None, bytes_pct_ci=_percent(interval) if known else None,
            without_ttl_pct=round(100 * s.persistent / s.count, 2), without_ttl_pct_ci=self._proportion(s.persistent, s.count),
            ttl_s=s.longest_ms / 1000 if s.longest_ms >= 0 else None, idle_s=round(s.idle_s / s.count, 1) if self.knows_idle else None,
            types=", ".join(t for t, _ in s.types.most_common()), sampled=s.count, example=examples(s.examples, limit=1),
        )  # fmt: skip

    def _proportion(self, k: int, n: int) -> Interval:
        return _percent((k / n, k / n) if self.exact else wilson(k, n))

    def precision(self) -> float:
        """Return the widest half-interval of all shares of keys and bytes, as a fraction; 1 for an empty tally."""
        if self.exact:
            return 0.0
        if not self.count:
            return 1.0
        rows = self.rows(self.count)
        widths = [(high - low) / 200 for r in rows for low, high in (r.keys_pct_ci, r.bytes_pct_ci or (0.0, 0.0))]
        return max(widths)


def wilson(k: int, n: int) -> Interval:
    """Return the 95 % interval of a proportion (Wilson 1927); (0, 1) for no observations."""
    if not n:
        return 0.0, 1.0
    p, z2 = k / n, Z * Z / n
    middle, half = p + z2 / 2, Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n))
    return max((middle - half) / (1 + z2), 0.0), min((middle + half) / (1 + z2), 1.0)


def _ratio_interval(share: float, own_squares: float, all_squares: float, all_bytes: float) -> Interval:
    """Return the 95 % interval of a ratio of sums (Cochran, Sampling Techniques, §6.4)."""
    if not all_bytes:
        return 0.0, 1.0
    spread = (1 - share) ** 2 * own_squares + share**2 * (all_squares - own_squares)
    half = Z * math.sqrt(max(spread, 0.0)) / all_bytes
    return max(share - half, 0.0), min(share + half, 1.0)


def _percent(interval: Interval) -> Interval:
    return round(100 * interval[0], 2), round(100 * interval[1], 2)
