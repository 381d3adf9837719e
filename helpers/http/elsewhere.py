"""An endpoint measured at another address than the profile's: a revision that was started for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from helpers.contracts import Sample
from helpers.http.connect import open_session
from helpers.http.probes.latency import Latency

__all__ = ["measured_at"]

SAMPLES = 30  # none of them wrong bounds the share of wrong ones at 10 % with 95 % confidence (rule of three)


def measured_at(endpoint: str, slow_ms: float, samples: int = SAMPLES) -> Callable[[str], Awaitable[list[Sample]]] | None:
    """Return what measures `endpoint` at an address; an answer slower than `slow_ms` is a failed sample. None without an endpoint.

    Args:
        endpoint: `GET /path?query`.
        slow_ms: What users need not wait for, in ms.
        samples: Requests, by each measurement.

    """
    if not endpoint:
        return None
    probe = Latency(endpoint, samples=samples)

    async def measure(address: str) -> list[Sample]:
        session = await open_session(address, application_name="runbook")
        try:
            found = await probe.measure({"api": session})
        finally:
            await session.close()
        return [replace(one, ok=False, error="slow") if one.ok and one.value > slow_ms else one for one in found]

    return measure
