"""The same safe request several times, each answer read and judged: what probes of answers have in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from helpers.contracts import Sample
from helpers.errors import Unreachable
from helpers.http.connect import Api, Reading, parse_endpoint

__all__ = ["judged_answers"]


async def judged_answers(
    api: Api, endpoint: str, bad: Callable[[Reading], str], *, samples: int, concurrency: int, timeout_s: float
) -> list[Sample]:
    """Return one sample per request, in ms, `ok` False where `bad` says what is wrong with its answer.

    Args:
        api: The API.
        endpoint: `GET /path?query`.
        bad: Returns what is wrong, or an empty string.
        samples: Requests.
        concurrency: Of them under way at once.
        timeout_s: Seconds one may take.

    Raises:
        Unreachable: none was answered.

    """
    _, path = parse_endpoint(endpoint)
    began, taken, left, answered = time.perf_counter(), [], iter(range(samples)), 0

    async def work() -> None:
        nonlocal answered
        for _ in left:
            started = time.perf_counter()
            reading = await api.read(path, timeout_s=timeout_s)
            ended, said = time.perf_counter(), bad(reading)
            answered += reading.status > 0
            taken.append(Sample((ended - started) * 1000, ended - began, not said, said))

    await asyncio.gather(*(work() for _ in range(concurrency)))
    if not answered:
        raise Unreachable("api", f"{samples} requests of {path} got no answer.", remedy="Check the profile's api address.")
    return taken
