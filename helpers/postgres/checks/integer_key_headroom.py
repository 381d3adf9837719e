"""How much room every numbered integer column has, by the column's own type.

pg_sequences judges a sequence by its own type; what fails is the INSERT into the column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.integer_keys import IntegerKey, read_keys
from helpers.results import CheckResult, Status

__all__ = ["KeyHeadroom", "integer_key_headroom"]

USED_PCT = 90.0  # pghero: sequences over 90 %; check_postgres: 85 warns, 95 is critical


@dataclass(frozen=True, slots=True)
class KeyHeadroom:
    """One column; names are SQL. `used_pct` is None where the sequence may not be read or was not used yet."""

    column: str
    type: str
    sequence: str
    sequence_type: str
    last_value: int | None
    limit: int
    used_pct: float | None


async def integer_key_headroom(pg: Postgres, *, used_pct: float = USED_PCT) -> CheckResult[KeyHeadroom]:
    """Numbered integer columns, the fullest first; a PROBLEM when one has used more than `used_pct` of its range.

    Args:
        pg: Read-only session.
        used_pct: Share of the range, in per cent, that is all right.

    Returns:
        One row per column; UNKNOWN when a sequence may not be read and those that may have room.

    Source: PostgreSQL manual, numeric types; pghero and check_postgres for the threshold.

    """
    return judge(await read_keys(pg), used_pct=used_pct)


def judge(keys: Sequence[IntegerKey], *, used_pct: float) -> CheckResult[KeyHeadroom]:
    """Return the columns' rows and their status; `keys` sorted by use. Pure."""
    rows = [
        KeyHeadroom(
            k.subject, k.type, k.sequence, k.sequence_type, k.last_value, k.limit, None if k.last_value is None else round(k.used_pct, 2)
        )
        for k in keys
    ]
    full = [k for k in keys if k.used_pct >= used_pct]
    facts = {"used_pct": used_pct}
    if full:
        said = f"{full[0].subject} has used {full[0].used_pct:.2f} % of {full[0].type}"
        return CheckResult(
            Status.PROBLEM, rows, said + (f", and {len(full) - 1} more are nearly full." if len(full) > 1 else "."), facts=facts
        )
    hidden = [k.sequence for k in keys if not k.visible]
    if hidden:
        return CheckResult(
            Status.UNKNOWN, rows, reason=f"This role may not read {len(hidden)} sequences: {', '.join(hidden[:3])}.",
            remedy="GRANT SELECT ON ALL SEQUENCES IN SCHEMA … TO the diagnostic role.", facts=facts,
        )  # fmt: skip
    return CheckResult(Status.OK, rows, f"{len(rows)} numbered columns, each below {used_pct:g} % of its range.", facts=facts)
