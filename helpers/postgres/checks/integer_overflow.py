"""Which numbered integer column runs out of numbers, and when.

Judged by the column's own type: a bigint sequence into an int column looks empty in pg_sequences until every INSERT fails. A sequence
behind the highest id (duplicate keys after a restore) fails INSERTs too, and is not this.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from helpers.postgres.connect import Postgres
from helpers.postgres.integer_keys import IntegerKey, highest_id, read_keys
from helpers.results import Diagnosis, Status

__all__ = ["integer_overflow", "judge"]

USED_PCT = 90.0  # pghero: sequences over 90 %; check_postgres: 85 warns, 95 is critical
WATCH_S = 3.0

REFERENCES = """
select format('%s.%I', k.conrelid::regclass, a.attname) as subject
from pg_constraint k
join pg_attribute r on r.attrelid = k.confrelid and r.attnum = any(k.confkey)
join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[array_position(k.confkey, r.attnum)]
where k.contype = 'f' and k.confrelid = format('%I.%I', $1::text, $2::text)::regclass and r.attname = $3
    and a.atttypid in ('int2'::regtype, 'int4'::regtype)
order by 1
"""


async def integer_overflow(pg: Postgres, *, used_pct: float = USED_PCT, watch_s: float = WATCH_S) -> Diagnosis:
    """The column nearest to its end, if it is past `used_pct` of its range.

    Args:
        pg: Read-only session.
        used_pct: Share of the range, in per cent, from which a column is a cause.
        watch_s: Seconds between the two looks that give the present rate.

    Returns:
        PROBLEM with `integer_overflow` and subject `table.column`; OK when every column has room; UNKNOWN when this role may
        not read some sequences and those it may read have room.

    Source: PostgreSQL manual, numeric types; check_postgres "sequence" and pghero "sequences" for the threshold.

    """
    before, started = await read_keys(pg), time.monotonic()
    await asyncio.sleep(watch_s)
    keys, took = await read_keys(pg), time.monotonic() - started
    worst = keys[0] if keys else None
    if worst is None or worst.used_pct < used_pct:
        return judge(keys, used_pct=used_pct)
    then = next((k.last_value or 0 for k in before if k.subject == worst.subject), worst.last_value or 0)
    per_s = ((worst.last_value or 0) - then) / took
    found = await pg.fetch(REFERENCES, worst.schema_name, worst.table_name, worst.column_name)
    referring = [row["subject"] for row in found]
    return judge(keys, used_pct=used_pct, per_s=per_s, watched_s=took, highest=await highest_id(pg, worst), referring=referring)


def judge(
    keys: Sequence[IntegerKey],
    *,
    used_pct: float,
    per_s: float = 0.0,
    watched_s: float = 0.0,
    highest: int | None = None,
    referring: Sequence[str] = (),
) -> Diagnosis:
    """Return what the columns' use adds up to; `keys` sorted by use, `highest` the first one's highest id. Pure."""
    worst = keys[0] if keys else None
    hidden = [key.sequence for key in keys if not key.visible]
    if worst is not None and worst.used_pct >= used_pct:
        return _named(worst, per_s, watched_s, highest, referring, [k for k in keys[1:] if k.used_pct >= used_pct])
    if hidden:
        text = (
            f"This role may not read how far {len(hidden)} sequences are ({', '.join(hidden[:3])}): GRANT SELECT ON them, then run again."
        )
        return Diagnosis(Status.UNKNOWN, summary=text)
    if worst is None:
        return Diagnosis(Status.OK, summary="No integer column is numbered by a sequence.")
    return Diagnosis(
        Status.OK, summary=f"Every numbered column has room: {worst.subject} has used most, {worst.used_pct:.1f} % of {worst.type}."
    )


def _named(
    key: IntegerKey, per_s: float, watched_s: float, highest: int | None, referring: Sequence[str], others: Sequence[IntegerKey]
) -> Diagnosis:
    last, left = key.last_value or 0, max(key.limit - (key.last_value or 0), 0)
    days = left / per_s / 86_400 if per_s > 0 else None
    rate = (
        f"{per_s:.2g} numbers a second over {watched_s:.0f} s"
        if per_s > 0
        else f"none taken in {watched_s:.0f} s, so the rate is not known"
    )
    because = [
        f"{key.sequence} is at {last:,}; {key.subject} is {key.type} and holds numbers up to {key.limit:,}.",
        f"The present rate: {rate}.",
    ]
    if key.type != key.sequence_type:
        because.append(f"The sequence is {key.sequence_type}, the column {key.type}: pg_sequences shows it as nearly unused.")
    if highest is not None:
        because.append(f"The highest {key.column} in the table is {highest:,}.")
    if referring:
        because.append(f"Columns that refer to it and are as narrow: {', '.join(referring)}. They must be widened first.")
    facts: dict[str, Any] = {
        "last_value": last,
        "limit": key.limit,
        "left": left,
        "days_left": days,
        "per_s": per_s,
        "referring": list(referring),
    }
    return Diagnosis(
        Status.PROBLEM, "integer_overflow", key.subject, _summary(key, left, days),
        {"table": key.table, "column": key.column_name}, because, [f"{o.subject} is at {o.used_pct:.1f} %, too." for o in others], facts,
    )  # fmt: skip


def _summary(key: IntegerKey, left: int, days: float | None) -> str:
    if left <= 0:
        return f"{key.subject} has run out of numbers ({key.type}): every INSERT that takes one fails."
    when = f", {days:.1f} days at the present rate" if days is not None else ""
    return f"{key.subject} has used {key.used_pct:.2f} % of {key.type}: {left:,} numbers are left{when}."
