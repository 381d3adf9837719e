"""Lock rows in one order everywhere, and try again when the server breaks a deadlock: a patch for a person to review.

Nothing on the server prevents a deadlock: two transactions that lock the same rows in another order will meet again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.postgres.connect import Postgres

__all__ = ["LockOrder"]

_KEYS = """
select array(select quote_ident(a.attname) from unnest(i.indkey::int2[]) with ordinality k(attnum, n)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum where k.n <= i.indnkeyatts order by k.n) as columns
from pg_index i where i.indrelid = to_regclass($1) and i.indisprimary
"""
_RETRY = '''
async def in_transaction(pool, work, attempts=4):
    """Run `work(connection)` in a transaction, and again, a little later, when it was the victim of a deadlock."""
    for attempt in range(1, attempts + 1):
        try:
            async with pool.acquire() as connection, connection.transaction():
                return await work(connection)
        except Exception as error:
            if getattr(error, "sqlstate", None) != "40P01" or attempt == attempts:
                raise
        await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))
'''


@dataclass(frozen=True)
class LockOrder(Proposal):
    """One order for `relations` (SQL names), the tables in the order of their names, rows by primary key; `statements` are those that deadlock."""

    relations: Sequence[str] = ()
    statements: Sequence[str] = field(default_factory=list)

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statement that locks each table's rows in order, to be run first in the transaction."""
        locking = [_locking(relation, await session.value(_KEYS, relation) or []) for relation in sorted(self.relations)]
        effects = [f"These statements were seen waiting for each other: {' / '.join(self.statements)}"] if self.statements else []
        effects.append(
            "A transaction locks all it will change before it changes anything, in this order; nobody can then hold what it needs next."
        )
        if any(statement.lower().startswith("insert") for statement in self.statements):
            effects.append("Rows that are not there yet cannot be locked: sort what you INSERT by its key, in every place that does.")
        return FixPreview(
            statements=locking, effects=effects,
            advice=[
                "A retry alone keeps users from seeing the error, not the second that deadlock_timeout makes them wait: change the order, too.",
                "Transactions that touch fewer rows, and end sooner, meet less often.",
            ],
        )  # fmt: skip

    def patch(self, preview: FixPreview) -> str:
        """Return the order and the retry as a Python module on asyncpg."""
        told = "\n".join(f"#   {statement}" for statement in self.statements)
        order = "\n".join(f"    {statement!r}," for statement in preview.statements)
        return (
            "# One lock order, and a retry for 40P01 (deadlock_detected).\n"
            f"# Statements that wait for each other today:\n{told}\n"
            "import asyncio\nimport random\n\n"
            "# First in every transaction that changes more than one of these rows, from top to bottom; $1 are all the keys it will change.\n"
            f"LOCK_IN_ORDER = [\n{order}\n]\n\n{_RETRY}"
        )


def _locking(relation: str, key: Sequence[str]) -> str:
    if len(key) == 1:
        return f"SELECT 1 FROM {relation} WHERE {key[0]} = ANY($1) ORDER BY {key[0]} FOR UPDATE"  # noqa: S608 - names quoted by the server
    columns = ", ".join(key) or "/* a unique key */"
    return f"SELECT 1 FROM {relation} WHERE /* the rows to be changed */ ORDER BY {columns} FOR UPDATE"  # noqa: S608
