"""One contender's answer to "requests, p50, p95 and p99 by minute and route", in a process of its own: `python -m tests.bench.log_contenders NAME FILE`.

Prints JSON: `seconds` of the work (imports not counted), `rss_mib` at its peak, `answer`, a digest of its rows rounded alike.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.log_corpus import FROM

Row = tuple[str, str, int, float, float, float]
QUANTILES = (0.5, 0.95, 0.99)
WINDOW = (datetime.fromtimestamp(FROM, UTC) + timedelta(minutes=30), datetime.fromtimestamp(FROM, UTC) + timedelta(minutes=35))


def bare_duckdb(path: str) -> list[Row]:
    """What somebody who knows DuckDB would write, for this file."""
    import duckdb

    with duckdb.connect(config={"memory_limit": "320MiB"}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(
            """
            select strftime(time_bucket(interval 1 minute, timestamp), '%Y-%m-%dT%H:%M'), http_route, count(*),
                quantile_cont(duration_ms, 0.5), quantile_cont(duration_ms, 0.95), quantile_cont(duration_ms, 0.99)
            from read_ndjson($1, columns = {timestamp: 'TIMESTAMPTZ', http_route: 'VARCHAR', http_response_status_code: 'BIGINT', duration_ms: 'DOUBLE'})
            where http_response_status_code is not null group by all order by all
            """,
            [path],
        ).fetchall()


def ours(path: str, **how: Any) -> list[Row]:
    from helpers.logs.analyses import analyse
    from helpers.logs.engine import Logs

    with Logs.open([path], **how) as logs:
        return _rows(analyse(logs, "traffic", bucket_s=60))


def ours_window(path: str) -> list[Row]:
    return ours(path, since=WINDOW[0], until=WINDOW[1])


def ours_filling(path: str) -> list[Row]:
    """Ask twice: the second question makes the copy."""
    from helpers.logs.engine import Logs

    with Logs.open([path]) as logs:
        for _ in range(2):
            logs.rows("select count(timestamp) from entries")
    return []


def ours_accounted(path: str) -> list[Row]:
    from helpers.logs.engine import Logs

    with Logs.open([path]) as logs:
        logs.account()
    return []


def _rows(frame: Any) -> list[Row]:
    return [
        (f"{row.at:%Y-%m-%dT%H:%M}", row.route, int(row.requests), row.p50_ms, row.p95_ms, row.p99_ms)
        for row in frame.itertuples(index=False)
    ]


def pandas_json(path: str) -> list[Row]:
    import pandas as pd

    return _grouped(pd.read_json(path, lines=True))


def pandas_pyarrow(path: str) -> list[Row]:
    import pandas as pd

    return _grouped(pd.read_json(path, lines=True, engine="pyarrow"))


def _grouped(frame: Any) -> list[Row]:
    import pandas as pd

    minute = pd.to_datetime(frame["timestamp"], format="ISO8601", utc=True).dt.floor("min")
    groups = frame.groupby([minute, frame["http_route"]], sort=True)["duration_ms"]
    wide = groups.quantile(list(QUANTILES)).unstack()
    counts = groups.size()
    return [(f"{at:%Y-%m-%dT%H:%M}", route, int(counts[at, route]), *wide.loc[(at, route)]) for at, route in wide.index]


def oracle(path: str) -> list[Row]:
    """Plain Python, a line at a time: slow and obvious."""
    import orjson

    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with Path(path).open("rb") as file:
        for line in file:
            entry = orjson.loads(line)
            found[entry["timestamp"][:16], entry["http_route"]].append(entry["duration_ms"])
    return [(*key, len(values), *(_between(sorted(values), q) for q in QUANTILES)) for key, values in sorted(found.items())]


def _between(values: list[float], q: float) -> float:
    place = q * (len(values) - 1)
    low = int(place)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)


def wc(path: str) -> list[Row]:
    subprocess.run(["wc", "-l", path], check=True, capture_output=True, timeout=600)
    return []


CONTENDERS: dict[str, Callable[[str], list[Row]]] = {
    "ours": ours, "ours, from its cache": ours, "bare DuckDB": bare_duckdb, "wc -l": wc, "ours, window of 5 min": ours_window, "ours, accounted": ours_accounted, "ours, filling its cache": ours_filling,
    "pandas read_json": pandas_json, "pandas, pyarrow engine": pandas_pyarrow, "oracle": oracle,
}  # fmt: skip


def _warm(name: str) -> None:
    """Import what the contender needs, so that only its work is timed."""
    import duckdb
    import numpy  # noqa: F401 - its import is no contender's work
    import pandas  # noqa: F401 - as above

    import helpers.logs.analyses
    import helpers.logs.engine  # noqa: F401 - as above

    duckdb.connect().close()
    if name == "oracle":
        import orjson  # noqa: F401 - as above
    if "pyarrow" in name:
        import pyarrow.json  # noqa: F401 - as above


def main(name: str, path: str) -> None:
    _warm(name)
    began = time.perf_counter()
    rows = CONTENDERS[name](path)
    seconds = time.perf_counter() - began
    answer = [[at, route, n, *(round(float(q), 6) for q in quantiles)] for at, route, n, *quantiles in rows]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "rss_mib": peak, "answer": answer}))


if __name__ == "__main__":
    main(*sys.argv[1:])
