"""Which numbered integer column runs out of numbers, and when.

Judged by the column's own type: a bigint sequence into an int column looks empty in pg_sequences until every INSERT fails. A sequence
behind the highest id (duplicate keys after a restore) fails INSERTs too, and is not this.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from helpers.postgres.connect import Postgres
from helpers.postgres.counted_since import counted_for_s
from helpers.postgres.integer_keys import IntegerKey, highest_ids, read_keys
from helpers.results import Diagnosis, Status

__all__ = ["Rate", "integer_overflow", "judge"]

USED_PCT = 90.0  # pghero: sequences over 90 %; check_postgres: 85 warns, 95 is critical
WATCH_S = 3.0
READ_S = 15.0  # with ten thousand tables the catalog takes its time
DAY_S = 86_400.0
LOOKED_UP = 20  # columns whose highest id is read, each from the end of its index

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
    before, started = await read_keys(pg, timeout_s=READ_S), time.monotonic()
    await asyncio.sleep(watch_s)
    keys, took = await read_keys(pg, timeout_s=READ_S), time.monotonic() - started
    worst = keys[0] if keys else None
    if worst is None or worst.used_pct < used_pct:
        return judge(keys, used_pct=used_pct, highest=await highest_ids(pg, [key for key in keys if not key.refers_to][:LOOKED_UP]))
    then = next((k.last_value or 0 for k in before if k.subject == worst.subject), worst.last_value or 0)
    rate = Rate(((worst.last_value or 0) - then) / took, took, 0 if worst.refers_to else worst.inserted, await counted_for_s(pg))
    rows = await pg.fetch(REFERENCES, worst.schema_name, worst.table_name, worst.column_name)
    known = await highest_ids(pg, [worst])
    return judge(keys, used_pct=used_pct, rate=rate, highest=known, referring=[row["subject"] for row in rows])


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast numbers are taken: `per_s` over the `watched_s` just watched, and rows `inserted` over the `counted_s` before."""

    per_s: float = 0.0
    watched_s: float = 0.0
    inserted: int = 0
    counted_s: float = 0.0

    @property
    def average_per_s(self) -> float:
        """Rows a second since the server began to count them."""
        return self.inserted / self.counted_s if self.counted_s > 0 else 0.0

    @property
    def best_per_s(self) -> float:
        """The average where it was counted for a day, which has its nights and its peaks; else what was watched, else the average."""
        return self.average_per_s if self.counted_s >= DAY_S and self.inserted else self.per_s or self.average_per_s

    @property
    def said(self) -> str:
        """Both rates as a sentence."""
        watched = (
            f"{self.per_s:.2g} numbers a second over {self.watched_s:.0f} s"
            if self.per_s > 0
            else f"none was taken in {self.watched_s:.0f} s"
        )
        if not self.inserted:
            return f"The present rate: {watched}; none is known from before."
        return f"The present rate: {watched}; on average {self.average_per_s:.2g} rows a second over {self.counted_s / 3600:.1f} h."


def judge(
    keys: Sequence[IntegerKey],
    *,
    used_pct: float,
    rate: Rate = Rate(),
    highest: Mapping[str, int] = MappingProxyType({}),
    referring: Sequence[str] = (),
) -> Diagnosis:
    """Return what the columns' use adds up to; `keys` sorted by use, `highest` the highest ids by column. Pure."""
    worst = keys[0] if keys else None
    hidden = [key.sequence for key in keys if not key.visible]
    if worst is not None and worst.used_pct >= used_pct:
        return _named(worst, rate, highest.get(worst.subject), referring, [k for k in keys[1:] if k.used_pct >= used_pct])
    if hidden:
        text = (
            f"This role may not read how far {len(hidden)} sequences are ({', '.join(hidden[:3])}): GRANT SELECT ON them, then run again."
        )
        return Diagnosis(Status.UNKNOWN, summary=text)
    if worst is None:
        return Diagnosis(Status.OK, summary="No integer column is numbered by a sequence.")
    behind = _behind(keys, highest)
    text = f"Every numbered column has room: {worst.subject} has used most, {worst.used_pct:.1f} % of {worst.type}."
    return Diagnosis(Status.OK, summary=" ".join([text, *behind[:1]]), against=behind)


def _behind(keys: Sequence[IntegerKey], highest: Mapping[str, int]) -> list[str]:
    """Say where INSERTs fail for another reason: the sequence gives out numbers that are taken."""
    return [
        f"The sequence of {key.subject} is at {key.last_value or 0:,}, behind the highest id {highest[key.subject]:,}: where INSERTs fail with "
        "duplicate keys (23505), that is why. Set it with setval()."
        for key in keys
        if highest.get(key.subject, 0) > (key.last_value or 0)
    ]


def _named(key: IntegerKey, rate: Rate, highest: int | None, referring: Sequence[str], others: Sequence[IntegerKey]) -> Diagnosis:
    last, left = key.last_value or 0, max(key.limit - (key.last_value or 0), 0)
    days = left / rate.best_per_s / DAY_S if rate.best_per_s > 0 else None
    because = [_range(key, last), rate.said]
    if key.type != key.sequence_type and not key.ends_early:
        because.append(f"The sequence is {key.sequence_type}, the column {key.type}: pg_sequences shows it as nearly unused.")
    if highest is not None:
        because.append(f"The highest {key.column} in the table is {highest:,}.")
    if referring:
        because.append(f"Columns that refer to it and are as narrow: {', '.join(referring)}. They must be widened first.")
    facts = {"last_value": last, "limit": key.limit, "left": left, "days_left": days, "per_s": rate.per_s, "average_per_s": rate.average_per_s, "referring": list(referring)}  # fmt: skip
    column = {"table": key.table, "column": key.column_name}
    target, fix = ({"sequence": key.sequence_name, **column}, "raise_sequence_limit") if key.ends_early else (column, "widen_column")
    against = [f"{o.subject} is at {o.used_pct:.1f} %, too." for o in others]
    return Diagnosis(Status.PROBLEM, "integer_overflow", key.subject, _summary(key, left, days), target, because, against, facts, fix)


def _range(key: IntegerKey, last: int) -> str:
    if key.refers_to:
        return f"{key.subject} is {key.type} and refers to {key.refers_to}, which is wider: {key.sequence} is at {last:,} of {key.limit:,}."
    if key.ends_early:
        return f"{key.sequence} is at {last:,} and ends at {key.limit:,}, although {key.subject} is {key.type} and holds more."
    return f"{key.sequence} is at {last:,}; {key.subject} is {key.type} and holds numbers up to {key.limit:,}."


def _summary(key: IntegerKey, left: int, days: float | None) -> str:
    what = f"the {key.limit:,} numbers of its sequence" if key.ends_early else key.type
    if left <= 0:
        return f"{key.subject} has run out of numbers ({what}): every INSERT that takes one fails."
    when = f", {days:.1f} days at this rate" if days is not None else "; the rate is not known"
    return f"{key.subject} has used {key.used_pct:.2f} % of {what}: {left:,} numbers are left{when}."
