"""Many requests, never more than said: bounded count, concurrency and time."""

from __future__ import annotations

import asyncio
import time

from helpers.contracts import Sample
from helpers.errors import Unreachable
from helpers.http.connect import Api
from helpers.lateness import Lateness

__all__ = ["sample_requests"]


async def sample_requests(
    api: Api,
    method: str,
    path: str,
    *,
    samples: int,
    concurrency: int,
    timeout_s: float,
    warmup: int,
    budget_s: float,
    fresh: bool,
    over_s: float = 0.0,
) -> list[Sample]:
    """Return up to `samples` measurements in ms; `warmup` requests are sent first and not returned.

    A request that failed or timed out is a sample with `ok` False and at least its time-out as value if it hung. Of the others the time in which
    this process was busy with something else (helpers/lateness.py) is not counted. Sending stops after `budget_s` seconds; what was measured
    by then is returned. `over_s` spreads them over so many seconds: none begins before its turn, whether or not those before it have ended, as
    far as the concurrency goes.

    Raises:
        Unreachable: not one request got an answer and none hung: there is no API there.

    """
    started, late = time.perf_counter(), Lateness()
    taken: list[Sample] = []
    left = iter(range(-warmup, samples))

    async def work() -> None:
        for number in left:
            await asyncio.sleep(max(0.0, started + max(number, 0) * over_s / samples - time.perf_counter()))
            if time.perf_counter() - started > budget_s:
                return
            began = time.perf_counter()
            answer = await api.request(method, path, timeout_s=timeout_s, fresh=fresh)
            ended = time.perf_counter()
            own_ms = late.within(began, ended) * 1000
            hung = answer.error.endswith("Timeout")
            value = max(answer.elapsed_ms, timeout_s * 1000) if hung else max(answer.elapsed_ms - own_ms, 0.0)
            if number >= 0:
                taken.append(Sample(value, ended - started, not answer.error, answer.error))

    async with late:
        await asyncio.gather(*(work() for _ in range(concurrency)))
    if taken and all(s.error.endswith("ConnectError") for s in taken):
        raise Unreachable(
            "api", f"No connection to {api.base_url} was accepted ({len(taken)} tried).", remedy="Check the profile's api address."
        )
    return taken
