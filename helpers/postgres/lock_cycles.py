"""Sessions seen waiting for each other in a cycle: which statements, of which tables (pure)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.blocking import cycles, same
from helpers.postgres.checks.lock_tree import LockRow

__all__ = ["LockCycle", "most_seen", "normalised", "standing"]

_LONGEST_STATEMENT = 300
_NUMBER = re.compile(r"(?<![\w$.\"])\d+(?:\.\d+)?\b")


@dataclass(frozen=True, slots=True)
class LockCycle:
    """One deadlock as it stood: the tables whose rows or locks are waited for, and the statement each session waits with, both sorted."""

    relations: tuple[str, ...]
    statements: tuple[str, ...]
    applications: tuple[str, ...]
    pids: tuple[int, ...]
    locktypes: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The tables, as a diagnosis names them; the kind of lock where it is not of a table (advisory locks)."""
        return ", ".join(self.relations) or f"{', '.join(self.locktypes)} locks"


def standing(looks: Sequence[Sequence[LockRow]]) -> list[LockCycle]:
    """Return the cycles of the last look that stood in the look before it, too: one look reads session by session, so it may see one that never was."""
    if len(looks) < 2:
        return []
    before, last = looks[-2], {row.pid: row for row in looks[-1]}
    earlier = set(cycles(before))
    found = []
    for pids in cycles(looks[-1]):
        rows = [last[pid] for pid in sorted(pids)]
        if pids in earlier and all(any(same(row, other) for other in before) for row in rows):
            found.append(_cycle(rows))
    return found


def most_seen(seen: Sequence[LockCycle]) -> tuple[LockCycle, int]:
    """Return the cycle whose tables and statements were seen in most looks, and in how many. Raises ValueError when none was seen."""
    if not seen:
        raise ValueError("no cycle was seen")
    counts = Counter((cycle.relations, cycle.statements) for cycle in seen)
    # One whose tables are known says more than one of which they are not.
    what = max(counts, key=lambda key: (bool(key[0]), counts[key]))
    return next(c for c in seen if (c.relations, c.statements) == what), counts[what]


def _cycle(rows: Sequence[LockRow]) -> LockCycle:
    return LockCycle(
        relations=tuple(sorted({row.relation for row in rows if row.relation})),
        statements=tuple(sorted({normalised(row.query) for row in rows})),
        applications=tuple(sorted({row.application_name or "no application_name" for row in rows})),
        pids=tuple(row.pid for row in rows),
        locktypes=tuple(sorted({row.locktype for row in rows if row.locktype})),
    )


def normalised(query: str) -> str:
    """Return a statement whose text values are masked already on one line, its numbers masked, too."""
    return _NUMBER.sub("?", " ".join(query.split()))[:_LONGEST_STATEMENT]
