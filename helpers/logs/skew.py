"""Clock skew between hosts, from the requests that two of them logged: measured, and told from latency where the logs can.

A request that one source passed on to another cannot begin there before it came, nor after it was over. Where it seems to, for most requests,
the clocks differ: the only thing that is claimed. Who passes on to whom is known of proxies in front and of databases behind; between
applications it is not, and a difference that is constant may be a clock or a fixed delay: it is said as that.

Source: the bounds are those of a remote clock reading (Cristian 1989, Distributed Computing 3); the interval of the median by order statistics
(Hahn & Meeker, Statistical Intervals, §5.2).
"""

# ruff: noqa: S608 - paths are quoted; the rest is our own text

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.logs.engine import Logs
from helpers.logs.reading import literal
from helpers.logs.views import LogFile

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FEWEST", "Offset", "Told", "judged", "offsets"]

FEWEST = 8  # pairs: with fewer, no interval of a median has 95 % and is of use
MOST_IDS = 200_000
_IN_FRONT = ("nginx_json", "nginx_combined", "vercel")
_CONSTANT = 0.2  # quartiles that lie within this share of the median: a delay that load makes varies more
_SQL = Path(__file__).with_suffix(".sql")


class Told(StrEnum):
    """What a difference of times tells."""

    CLOCKS = "clocks differ"
    CONSTANT = "constant: clocks, or a fixed delay"
    EXPLAINED = "explained by latency"
    TOO_FEW = "too few requests in both"


@dataclass(frozen=True, slots=True)
class Offset:
    """How much later `other` saw requests begin than `one`: the median with its 95 % interval, in milliseconds, and what it tells.

    `impossible` counts the pairs in an order that cannot be.
    """

    one: str
    other: str
    pairs: int
    median_ms: float
    low_ms: float
    high_ms: float
    impossible: int
    told: Told

    @property
    def summary(self) -> str:
        """One sentence."""
        between = f"{self.other} against {self.one}: {self.median_ms:+,.0f} ms ({self.low_ms:+,.0f} to {self.high_ms:+,.0f}; {self.pairs:,} requests)"
        order = f", {self.impossible:,} of them in an order that cannot be" if self.told is Told.CLOCKS else ""
        return f"{between}{order}: {self.told.value}."


def offsets(logs: Logs) -> list[Offset]:
    """Return the offset of each pair of sources that logged the same request or trace ids, the largest first; empty when none did.

    A source is a host, where the log names it; else a service, a database system, or the file. Of more than MOST_IDS ids a share is looked at.
    """
    if len(logs.files) < 2 and logs.rows("select count(distinct coalesce(host_name, service_name)) from entries")[0][0] < 2:
        return []
    ids = logs.rows("select approx_count_distinct(coalesce(request_id, trace_id)) from entries")[0][0]
    seen = " union all ".join(_seen(number, file) for number, file in enumerate(logs.files))
    frame = logs.frame(f"with seen as ({seen}) select * from ({_SQL.read_text(encoding='utf-8')})", {"parts": ids // MOST_IDS + 1})
    found: dict[tuple[object, object], Offset] = {}
    for (one, other, _), pairs in frame.groupby(["one", "other", "kind"], sort=True):
        if (one, other) not in found or len(pairs) > found[one, other].pairs:
            found[one, other] = judged(str(one), str(other), pairs)
    return sorted(found.values(), key=lambda offset: -abs(offset.median_ms))


def _seen(number: int, file: LogFile) -> str:
    """Return the SQL of one file's entries with their source; a log without names is known by its file."""
    source = f"coalesce(host_name, service_name, db_system_name, {literal(str(file.physical.path))})"
    rank = f"case when db_system_name is not null then 2 else {0 if file.format.name in _IN_FRONT else 1} end"
    return f"select {source} as source, {rank} as rank, timestamp, duration_ms, request_id, trace_id from file_{number}"


def judged(one: str, other: str, pairs: pd.DataFrame) -> Offset:
    """Return what the times of the same requests in two sources tell.

    Args:
        one: The source in front, if either is.
        other: The other one.
        pairs: One row a request, with the columns of skew.sql.

    """
    import numpy as np

    later = (pairs["began_other"] - pairs["began_one"]).to_numpy(dtype=float)
    low, median, high = _median(later)
    slack = _resolution(pairs["ended_one"]) + _resolution(pairs["ended_other"])
    known = bool((pairs["rank_one"] < pairs["rank_other"]).all()) and pairs["timed_one"].astype(bool).to_numpy()
    after = (pairs["began_other"] - pairs["ended_one"]).to_numpy(dtype=float)
    impossible = np.asarray(known & ((later < -slack) | (after > slack)))
    told = Told.EXPLAINED
    if len(pairs) < FEWEST:
        told = Told.TOO_FEW
    elif _outside(later, after, slack) and impossible.mean() > 0.5:
        told = Told.CLOCKS
    elif not np.any(known) and _is_constant(later, pairs, slack):
        told = Told.CONSTANT
    return Offset(one, other, len(pairs), median, low, high, int(impossible.sum()), told)


def _outside(later: object, after: object, slack: float) -> bool:
    """Whether most requests began before they came, or after they were over, as surely as the medians' intervals say."""
    return _median(later)[2] < -slack or _median(after)[0] > slack


def _is_constant(later: object, pairs: pd.DataFrame, slack: float) -> bool:
    """Whether the difference is longer than the requests themselves and hardly varies."""
    import numpy as np

    values = np.asarray(later, dtype=float)
    spans = max(float((pairs[f"ended_{side}"] - pairs[f"began_{side}"]).quantile(0.95)) for side in ("one", "other"))
    quartiles = np.quantile(values, [0.25, 0.5, 0.75])
    spread, size = float(quartiles[2] - quartiles[0]), abs(float(quartiles[1]))
    return size > spans + slack and spread < _CONSTANT * size


def _resolution(at_ms: pd.Series) -> float:
    """Return how finely a source writes times, in milliseconds: a whole second where all of them are."""
    return 1000.0 if bool((at_ms % 1000 == 0).all()) else 1.0


def _median(values: object) -> tuple[float, float, float]:
    """Return (low, median, high): order statistics of 95 % coverage."""
    import numpy as np
    from scipy.stats import binom

    ordered = np.sort(np.asarray(values, dtype=float))
    low = max(int(binom.ppf(0.025, len(ordered), 0.5)) - 1, 0)
    high = min(int(binom.ppf(0.975, len(ordered), 0.5)), len(ordered) - 1)
    return float(ordered[low]), float(np.median(ordered)), float(ordered[high])
