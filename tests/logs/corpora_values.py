"""What an application meant to log, and the many ways it writes a time or a number: the written value, and what a reader must make of it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

FIRST = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
ROUTES = (
    ("GET", "/orders/{}", "/orders/{id}"),
    ("GET", "/orders", "/orders"),
    ("POST", "/orders", "/orders"),
    ("GET", "/customers/{}/orders", "/customers/{id}/orders"),
    ("GET", "/health", "/health"),
)
HOSTILE = "'; DROP TABLE x; -- $(rm -rf /) <script>alert(1)</script> \x1b[31mred\x07 =1+1 \u202e é ☃"


@dataclass(frozen=True)
class Meant:
    """One request, as it happened; `template` is the route of its path."""

    at: datetime
    method: str
    path: str
    template: str
    query: str | None
    status: int
    duration_ms: float
    request_id: str
    message: str
    level: str
    version: str
    pid: int


def meant(choose: random.Random, number: int) -> Meant:
    """Return a request of a service that is somewhat slow and fails now and then; later numbers later, but not always."""
    method, path, template = choose.choice(ROUTES)
    status = choose.choices([200, 201, 404, 499, 500, 503], [80, 5, 5, 1, 6, 3])[0]
    texts = (
        f"request {number}",
        f"{HOSTILE} {number}",
        f"nul \x00 {number} \t\\ \x1f\x1e\x1f \r{number}:M 03 Mar 2026 08:00:00.123 * forged",
        f"long {number} " + "x" * 200_000,
    )
    message = choose.choices(texts, [87, 9, 3, 1])[0]
    return Meant(
        at=FIRST + timedelta(seconds=3 * number + choose.choice([0, 0, 0, -7, 2]), milliseconds=choose.randrange(1000)),
        method=method,
        path=path.format(choose.choice([str(number), f"7c9e6679-7425-40de-944b-{number:012x}"])),
        template=template,
        query=choose.choice([None, "q=1&r=%2F", "next=/a?b"]),
        status=status,
        duration_ms=round(choose.lognormvariate(3, 1), 3),
        request_id=f"r{number}",
        message=message,
        level="error" if status >= 500 else "info",
        version=choose.choice(["1.4.0", "1.5.0"]),
        pid=choose.randrange(1, 5000),
    )


@dataclass(frozen=True)
class Written:
    """A value as JSON has it, and what it is; `lost` when it is there and cannot be read as what it should be."""

    text: str
    value: Any
    lost: bool = False


def time(choose: random.Random, at: datetime) -> Written:
    """Return a time as loggers write it: offsets, comma decimals, epoch seconds, milliseconds, microseconds; now and then none."""
    epoch_ms = round(at.timestamp() * 1000)
    east, west = at.astimezone(timezone(timedelta(hours=2))), at.astimezone(timezone(-timedelta(hours=3, minutes=30)))
    iso = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
    kinds = [
        Written(json.dumps(iso.replace(" ", "T") + "Z"), at),
        Written(json.dumps(east.isoformat(timespec="milliseconds")), at),
        Written(json.dumps(west.isoformat(timespec="milliseconds")), at),
        Written(json.dumps(iso.replace(".", ",")), at),
        Written(json.dumps(iso), at),
        Written(str(epoch_ms // 1000), at.replace(microsecond=0)),
        Written(f"{epoch_ms / 1000:.3f}", at),
        Written(str(epoch_ms), at),
        Written(json.dumps(str(epoch_ms)), at),
        Written(str(epoch_ms * 1000), at),
        Written(
            choose.choice(['"yesterday"', '"2026-02-30T08:00:00Z"', '"2026-03-03 08:00:00 BST"', "7", "true", '{"s": 1}']), None, lost=True
        ),
    ]
    return choose.choices(kinds, [8] * 10 + [2])[0]


def whole(choose: random.Random, number: int) -> Written:
    """Return a whole number: as one, as text, as a decimal, twice the key's meaning in other types."""
    kinds = [
        Written(str(number), number),
        Written(f'"{number}"', number),
        Written(f"{number}.0", number),
        Written("null", None),
        Written(choose.choice(['"abc"', '""', "99999999999", "true", '{"code": 200}', "[200]", '"200 OK"']), None, lost=True),
    ]
    return choose.choices(kinds, [70, 20, 5, 2, 4])[0]


def decimal(choose: random.Random, number: float, *, factor: float = 1.0) -> Written:
    """Return a number of milliseconds, or of what is `factor` of them: as one, as text, in powers of ten."""
    kinds = [
        Written(repr(number), number * factor),
        Written(f'"{number!r}"', number * factor),
        Written(f"{number * 1000!r}e-3", float(f"{number * 1000!r}e-3") * factor),
        Written("null", None),
        Written(choose.choice(['"fast"', '"12,5"', '"NaN"', '"Infinity"', "false", '{"ms": 1}', '"12 ms"']), None, lost=True),
    ]
    return choose.choices(kinds, [70, 20, 5, 2, 4])[0]
