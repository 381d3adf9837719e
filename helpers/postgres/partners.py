"""Rows and their partners: parents that by all appearances should have a child, and whether both were written together.

For every foreign key of one column whose parents are numbered, the newest thousand parents are compared with a thousand before them, and with
others further and further back, since a fault may be older than the newest rows: where nearly all of one of these have a child, one without is
an orphan. Two rows that one transaction inserted carry its number (`xmin`) both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql

__all__ = ["MOST_KEYS", "Partners", "read_partners"]

MOST_KEYS = 20  # orphans named, of each relation
USUAL = 0.99  # of the older parents have a child: then having one is the rule
MOST_RELATIONS = 40
QUERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Partners:
    """One relation; `orphans` of the newest `parents` have no child, `orphans_before` of the `older` ones.

    Of the parents with a child that came after the first orphan, `together` share its transaction, `apart` do not (a row that was updated since
    does not either), `right_after` of these were written by one of the next 32 transactions; `together_before` and `apart_before` of the `older`
    ones. `keys` are the newest orphans, as text.
    """

    parent: str
    child: str
    column: str
    parent_column: str
    parents: int
    orphans: int
    older: int
    orphans_before: int
    together: int
    apart: int
    right_after: int
    together_before: int
    apart_before: int
    keys: list[str]

    @property
    def is_rule(self) -> bool:
        """Whether older parents show that one usually has a child."""
        return self.older >= 100 and self.orphans_before <= (1 - USUAL) * self.older

    @property
    def may_be_one(self) -> bool:
        """Whether the newest alone look like two writes that belong together: what has a child nearly always got it right after, never with it."""
        return not self.is_rule and self.orphans > 0 and self.together == 0 and self.right_after > 0.9 * self.apart

    @property
    def subject(self) -> str:
        """How a diagnosis names it: `parent → child`."""
        return f"{self.parent} → {self.child}"


async def read_partners(pg: Postgres) -> tuple[list[Partners], list[str]]:
    """Return the relations between numbered parents and their children, most orphans first; and why others could not be looked at.

    Args:
        pg: A session that may read the tables.

    Raises:
        SystemProblem: the server cannot be asked which relations there are.

    """
    found: list[Partners] = []
    lacking: list[str] = []
    for relation in await pg.fetch(load_sql(__file__, pg.version_num), limit=MOST_RELATIONS):
        if not relation["served"]:
            lacking.append(f"{relation['child']}({relation['child_column']}) has no index: a look would read it whole.")
            continue
        try:
            rows = await pg.fetch(relation["statement"], timeout_s=QUERY_S)
        except SystemProblem as problem:
            lacking.append(f"{relation['parent']}: {problem.reason}")
            continue
        found.append(_partners(relation, rows[0]))
    return sorted(found, key=lambda one: -one.orphans), lacking


def _partners(relation: dict[str, object], counted: dict[str, object]) -> Partners:
    numbers = {name: int(str(counted[name] or 0)) for name in counted if name != "keys"}
    keys: Sequence[object] = counted["keys"] or []  # type: ignore[assignment]
    names = {"parent": "parent", "child": "child", "column": "child_column", "parent_column": "parent_column"}
    return Partners(**{name: str(relation[key]) for name, key in names.items()}, **numbers, keys=[str(key) for key in keys])  # type: ignore[arg-type]
