"""Whether a statement that deletes from a table, or changes its key, is slow for a foreign key that no index serves.

Its plan does not show it: the lookups run in triggers. For the judgements of other failure modes that meet such a statement.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from helpers.errors import ParameterError
from helpers.postgres.checks.unindexed_foreign_key import examined
from helpers.postgres.connect import Postgres
from helpers.postgres.foreign_keys import ForeignKey, read_foreign_keys
from helpers.results import Diagnosis, Status

__all__ = ["slow_parent_write"]


async def slow_parent_write(pg: Postgres, statement: str) -> Diagnosis | None:
    """Return the diagnosis `unindexed_foreign_key` (or its neighbour) for a slow DELETE or key UPDATE, or None when that is not its cause.

    Args:
        pg: Read-only session. One lookup is run, as the foreign key would run it; the statement itself is not.
        statement: One statement, which may hold `$n`; anything but a DELETE or an UPDATE is None at once.

    Raises SystemProblem when the server cannot be asked.
    """
    parsed = _parsed(statement)
    if parsed is None or not isinstance(parsed.this, exp.Table):
        return None
    table = exp.table_(parsed.this.this, parsed.this.args.get("db")).sql(dialect="postgres", comments=False)
    try:
        keys = await read_foreign_keys(pg, table)
    except ParameterError:
        return None
    paid = [k for k in keys if k.unserved and _pays(parsed, k)]
    found = await examined(pg, paid[0], paid, given=True) if paid else None
    return found if found is not None and found.status is Status.PROBLEM else None


def _parsed(statement: str) -> exp.Delete | exp.Update | None:
    try:
        parsed = sqlglot.parse_one(statement, dialect="postgres")
    except sqlglot.errors.SqlglotError:
        return None
    return parsed if isinstance(parsed, exp.Delete | exp.Update) else None


def _pays(parsed: exp.Delete | exp.Update, key: ForeignKey) -> bool:
    """Whether the statement looks for child rows: every DELETE does, an UPDATE only when it changes what they refer to."""
    if isinstance(parsed, exp.Delete):
        return True
    changed = {c.this.sql(dialect="postgres", identify=False) for e in parsed.expressions for c in e.this.find_all(exp.Column)}
    return bool(changed & set(key.parent_columns))
