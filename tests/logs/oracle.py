"""Every analysis once more, slow and obvious: plain Python over a list of entries, each a dict of the schema's columns.

`ORACLE[name](entries, **parameters)` returns the rows of the analysis of that name, in its order.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.logs.oracle_text import class_of, frames_of, said_by, shape_of, template_of, words

Entry = dict[str, Any]
Row = tuple[Any, ...]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(us: int | None) -> datetime | None:
    return None if us is None else (EPOCH + timedelta(microseconds=us)).replace(tzinfo=None)


def bucket_of(us: int, bucket_s: float) -> int:
    return us // int(bucket_s * 1e6) * int(bucket_s * 1e6)


def last(value: Any) -> tuple[bool, Any]:
    """A key that sorts None behind everything."""
    return (value is None, 0 if value is None else value)


def quantile(values: Sequence[float], q: float) -> float | None:
    """Between the two nearest, in proportion."""
    if not values:
        return None
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def route_of(entry: Entry) -> str | None:
    path = entry.get("url_path")
    return entry.get("http_route") or (template_of(path) if path is not None else None)


def requests_in(entries: Iterable[Entry]) -> list[Entry]:
    return [e for e in entries if e.get("http_response_status_code") is not None]


def grouped(entries: Iterable[Entry], key: Callable[[Entry], Any]) -> dict[Any, list[Entry]]:
    found = defaultdict(list)
    for entry in entries:
        found[key(entry)].append(entry)
    return found


def took(entries: Iterable[Entry]) -> list[float]:
    return [e["duration_ms"] for e in entries if e.get("duration_ms") is not None]


def failures(entries: Iterable[Entry]) -> int:
    return sum(e["http_response_status_code"] >= 500 for e in entries)


def traffic(entries: list[Entry], bucket_s: float) -> list[Row]:
    def key(e: Entry) -> tuple[int | None, str | None]:
        return bucket_of(micros(e["timestamp"]), bucket_s) if e.get("timestamp") else None, route_of(e)

    rows = []
    for (us, route), of in sorted(grouped(requests_in(entries), key).items(), key=lambda g: (last(g[0][0]), last(g[0][1]))):
        errors = failures(of)
        rows.append((moment(us), route, len(of), errors, 100 * errors / len(of), *(quantile(took(of), q) for q in (0.5, 0.95, 0.99))))
    return rows


def routes(entries: list[Entry]) -> list[Row]:
    rows = []
    for route, of in grouped(requests_in(entries), route_of).items():
        times, errors = took(of), failures(of)
        total = math.fsum(times) / 1000 if times else None
        rows.append(
            (route, len(of), errors, 100 * errors / len(of), quantile(times, 0.5), quantile(times, 0.95), max(times, default=None), total)
        )
    return sorted(rows, key=lambda r: (r[7] is None, -(r[7] or 0), -r[1], last(r[0])))


def slowest(entries: list[Entry], count: int) -> list[Row]:
    slow = [e for e in entries if e.get("duration_ms") is not None]
    slow.sort(key=lambda e: (-e["duration_ms"], last(e.get("timestamp")), last(e.get("request_id"))))
    names = ("http_request_method", "url_path", "http_response_status_code", "duration_ms", "request_id")
    return [(moment(micros(e["timestamp"])) if e.get("timestamp") else None, *(e.get(n) for n in names)) for e in slow[:count]]


def errors(entries: list[Entry]) -> list[Row]:
    """Without the fingerprint, which is a hash; ordered by count and then as text."""

    def failed(e: Entry) -> bool:
        loud = e.get("severity_text") in ("ERROR", "CRITICAL", "FATAL", "PANIC")
        return loud or e.get("exception_stacktrace") is not None or e.get("error_type") is not None

    groups = defaultdict(list)
    for e in filter(failed, entries):
        trace = next((e[name] for name in ("exception_stacktrace", "body") if e.get(name) is not None), "")
        kind = e.get("error_type") or e.get("db_response_status_code") or class_of(trace) or ""
        message = e.get("exception_message") or said_by(trace)
        if message is None:
            message = (e.get("body") or "").split("\n")[0]
        message = message[:300]
        groups[kind, shape_of(message), frames_of(trace)].append((e, message))
    rows = []
    for (kind, _, frames), of in groups.items():
        times = [e["timestamp"] for e, _ in of if e.get("timestamp")]
        first, message = min(of, key=lambda one: (last(one[0].get("timestamp")), one[1], last(version_of(one[0]))))
        places = [route for e, _ in of if (route := route_of(e)) is not None]
        often = min(places, key=lambda route: (-places.count(route), route), default=None)
        ids = len({e["request_id"] for e, _ in of if e.get("request_id") is not None})
        ends = [moment(micros(t)) for t in (min(times), max(times))] if times else [None, None]
        rows.append((kind, message, len(of), *ends, version_of(first), ids, often, frames))
    return sorted(rows, key=lambda r: (-r[2], str(r)))


def version_of(e: Entry) -> str | None:
    return e.get("service_version") or e.get("deployment_id")


def versions(entries: list[Entry], before: str, after: str) -> list[Row]:
    rows = []
    for route, of in grouped(requests_in(entries), route_of).items():
        old = [e for e in of if before in (e.get("service_version"), e.get("deployment_id"))]
        new = [e for e in of if e not in old and after in (e.get("service_version"), e.get("deployment_id"))]
        if not old and not new:
            continue
        p95 = [quantile(took(some), 0.95) for some in (old, new)]
        ratio = p95[1] / p95[0] if p95[0] and p95[1] is not None else None
        pct = [100 * failures(some) / len(some) if some else None for some in (old, new)]
        rows.append((route, len(old), len(new), *pct, *p95, ratio))
    return sorted(rows, key=lambda r: (not r[7], -abs(math.log(r[7])) if r[7] else 0, last(r[0])))


def wrong(e: Entry, slow_ms: float) -> bool:
    duration = e.get("duration_ms")
    return e["http_response_status_code"] >= 500 or bool(slow_ms > 0 and duration is not None and duration > slow_ms)


def onset_series(entries: list[Entry], bucket_s: float, slow_ms: float) -> list[Row]:
    timed = [e for e in requests_in(entries) if e.get("timestamp")]
    groups = grouped(timed, lambda e: bucket_of(micros(e["timestamp"]), bucket_s))
    return [(moment(us), len(of), sum(wrong(e, slow_ms) for e in of)) for us, of in sorted(groups.items())]


DIMENSIONS = (
    "http_route", "http_request_method", "http_response_status_code", "service_name", "service_version", "deployment_id", "cloud_region",
    "host_name", "tenant_id", "user_agent_original", "cache_status",
)  # fmt: skip


def onset_parts(entries: list[Entry], at_us: int, slow_ms: float) -> list[Row]:
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for e in requests_in(entries):
        if not e.get("timestamp"):
            continue
        for name in DIMENSIONS:
            value = route_of(e) if name == "http_route" else e.get(name)
            if value is None or (name == "http_response_status_code" and value >= 500):
                continue
            side = 2 * (micros(e["timestamp"]) >= at_us)
            counts[name, str(value)][side] += 1
            counts[name, str(value)][side + 1] += wrong(e, slow_ms)
    return sorted(((*key, *n) for key, n in counts.items()), key=lambda r: (-r[5], r[0], r[1]))[:200]


def trace(entries: list[Entry], id: str) -> list[Row]:  # noqa: A002 - the parameter's name
    ids = sorted({e["trace_id"] for e in entries if e.get("request_id") == id and e.get("trace_id")})
    named = {id, *ids[:1], *ids[-1:]}

    def belongs(e: Entry) -> bool:
        said = [words(e.get(name) or "") for name in ("db_query_text", "body")]
        told = any(f" {' '.join(words(one))} " in f" {' '.join(text)} " for one in [id, *ids[:1], *ids[-1:]] for text in said)
        return e.get("request_id") == id or e.get("trace_id") in named or e.get("application_name") == id or told

    met = [
        (micros(e["timestamp"]) - round((e.get("duration_ms") or 0) * 1000) if e.get("timestamp") else None, e)
        for e in entries
        if belongs(e)
    ]
    first = min((us for us, _ in met if us is not None), default=0)
    names = (
        "severity_text",
        "body",
        "http_request_method",
        "url_path",
        "http_response_status_code",
        "db_query_text",
        "error_type",
        "exception_stacktrace",
    )
    rows = [
        (
            moment(micros(e["timestamp"])) if e.get("timestamp") else None, e.get("db_system_name") or e.get("service_name") or "api",
            None if us is None else (us - first) / 1000, e.get("duration_ms"), *(e.get(n) for n in names),
        )
        for us, e in met
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (last(r[2]), r[3] is None, -(r[3] or 0), r[1], last(r[5]), last(r[9])))


def concurrency(entries: list[Entry], bucket_s: float) -> list[Row]:
    """Bucket by bucket, every request looked at anew."""
    spans = []
    for e in requests_in(entries):
        if e.get("timestamp") and e.get("duration_ms") is not None and e["duration_ms"] >= 0:
            end = micros(e["timestamp"])
            spans.append((end - round(e["duration_ms"] * 1000), end, e["duration_ms"]))
    width = int(bucket_s * 1e6)
    starts = {bucket_of(us, bucket_s) + more for span in spans for us in span[:2] for more in (0, width)}
    return [_flow(spans, start, width) for start in sorted(starts)]


def _flow(spans: list[tuple[int, int, float]], start: int, width: int) -> Row:
    end = start + width
    near = [s for s in spans if s[0] < end and s[1] >= start]
    done = [s[2] for s in near if start <= s[1] < end]
    instants = [start, *(us for s in near for us in s[:2] if start <= us < end)]
    busy = {us: sum(s[0] <= us < s[1] for s in near) for us in instants}
    worked = sum(min(s[1], end) - max(s[0], start) for s in near)
    arrived = sum(start <= s[0] < end for s in near)
    mean_ms = math.fsum(done) / len(done) if done else None
    return (moment(start), arrived, len(done), max(busy.values()), worked / width, busy[max(instants)], mean_ms)


ORACLE: dict[str, Callable[..., list[Row]]] = {
    one.__name__: one for one in (traffic, routes, slowest, errors, versions, onset_series, onset_parts, trace, concurrency)
}
