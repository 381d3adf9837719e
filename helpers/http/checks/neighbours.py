"""Who waits while an endpoint is asked: every route, some, or only this one."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.http.connect import Api, parse_endpoint
from helpers.http.light import ABSENT, light_path
from helpers.http.sampling import sample_requests
from helpers.results import CheckResult, Status

__all__ = ["Neighbour", "neighbours"]

SAMPLES = 20
BEFORE_S = 1.5
BESIDE = 3  # requests of the endpoint under way at once
TIMES, AT_LEAST_MS = 3.0, 30.0  # a route waits that takes three times as long, and so much longer that it is no noise
SLOW_MS = 200.0  # an endpoint that is quicker than that makes nobody wait
TIMEOUT_S = 3.0  # what hangs longer waits, however long


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One route before and while the endpoint was asked; medians and the 95th percentile in ms. `waits`: it took much longer."""

    route: str
    before_ms: float
    beside_ms: float
    beside_p95_ms: float
    samples: int
    waits: bool


async def neighbours(api: Api, *, endpoint: str = "", others: Sequence[str] = (), window_s: float = 4.0) -> CheckResult[Neighbour]:
    """How long other routes take while the endpoint is asked a few times at once.

    Args:
        api: The API; only safe methods are used, at most three requests of the endpoint at once.
        endpoint: `GET /path?query`; empty: SKIPPED.
        others: Endpoints to compare with; a light route is always among them.
        window_s: Seconds for which each is measured beside the endpoint.

    Returns:
        PROBLEM when others wait, OK when none does. Facts: `endpoint_ms` and `shape`: `every` or `some` wait, `only`
        this one is slow, `none` is slow, or light routes were slow `before` it was asked.

    Raises:
        ParameterError: a method that may change something.

    """
    if not endpoint:
        return CheckResult(
            Status.SKIPPED, reason="No endpoint was given to ask beside the others.", remedy="Give a slow one as `endpoint`."
        )
    method, path = parse_endpoint(endpoint)
    light = await light_path(api)
    paths = [each for each in dict.fromkeys([light, ABSENT, *(parse_endpoint(other)[1] for other in others)]) if each != path]
    before = {each: await _times(api, each, BEFORE_S) for each in paths}
    took: list[float] = []
    load = asyncio.ensure_future(_again(api, method, path, took))
    try:
        await asyncio.sleep(0.2)
        rows = [_row(each, before[each], await _times(api, each, window_s)) for each in paths]
    finally:
        load.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await load
    return _told(endpoint, rows, took, _p95(before[light]))


async def _again(api: Api, method: str, path: str, took: list[float]) -> None:
    async def one() -> None:
        while True:
            took.append((await api.request(method, path, timeout_s=TIMEOUT_S)).elapsed_ms)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(one() for _ in range(BESIDE)))


def _row(path: str, before: Sequence[float], beside: Sequence[float]) -> Neighbour:
    usual = statistics.median(before)
    return Neighbour(path, round(usual, 1), round(statistics.median(beside), 1), round(_p95(beside), 1), len(beside), _waits(beside, usual))


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


def _waits(times: Sequence[float], before_ms: float) -> bool:
    """More than one request in ten took three times as long as the usual one, and noticeably longer: a loop is held up again and again."""
    late = sum(ms > max(TIMES * before_ms, before_ms + AT_LEAST_MS) for ms in times)
    return late > 0.1 * len(times)


async def _times(api: Api, path: str, over_s: float) -> list[float]:
    asked = {"samples": SAMPLES, "concurrency": 4, "warmup": 1, "budget_s": 4 * over_s + TIMEOUT_S}
    samples = await sample_requests(api, "GET", path, timeout_s=TIMEOUT_S, fresh=True, over_s=over_s, **asked)  # type: ignore[arg-type]
    return [sample.value for sample in samples]


def _told(endpoint: str, rows: Sequence[Neighbour], took: Sequence[float], before_p95_ms: float) -> CheckResult[Neighbour]:
    endpoint_ms = statistics.median(took) if took else TIMEOUT_S * 1000  # not one answer in the whole time
    waiting = [row for row in rows if row.waits]
    shape = (
        "before"
        if before_p95_ms >= SLOW_MS
        else "every"
        if rows and len(waiting) == len(rows)
        else "some"
        if waiting
        else "only"
        if endpoint_ms >= SLOW_MS
        else "none"
    )
    facts = {"shape": shape, "endpoint_ms": round(endpoint_ms, 1)}
    light = rows[0]
    said = f"while {endpoint} is asked, {light.route} takes {light.beside_ms:,.0f} ms ({light.beside_p95_ms:,.0f} at p95), {light.before_ms:,.0f} before"
    ends = {
        "before": f"light routes waited before, too ({before_p95_ms:,.0f} ms at p95): others' requests hold them up",
        "every": "every route waits for it",
        "some": f"{len(waiting)} of {len(rows)} routes wait",
        "only": "only this one is slow",
        "none": "nobody waits",
    }
    return CheckResult(Status.PROBLEM if waiting or shape == "before" else Status.OK, list(rows), f"{said}: {ends[shape]}.", facts=facts)
