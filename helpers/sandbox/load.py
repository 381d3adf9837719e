"""The load generator: an open loop of mixed requests at a steady rate, counted per route and status.

Runs as `python -m helpers.sandbox.load API_URL RPS CUSTOMERS COUNTS_FILE`. It never sends more than asked: what cannot be sent
because too many requests are under way is counted as dropped, not sent later.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

__all__ = ["main"]

_IN_FLIGHT = 60
_TIMEOUT_S = 20.0
_WRITE_EVERY_S = 1.0

Request = tuple[str, str, dict[str, Any]]


def _requests(customers: int) -> list[tuple[int, str, Callable[[], Request]]]:
    """Weight, route and how to make a request of it."""
    pick = random.Random(7).randint  # noqa: S311 - the same traffic on every run
    item = {"sku": "SKU-1", "quantity": 1, "price_cents": 999}

    def order() -> dict[str, Any]:
        return {"customer_id": pick(1, customers), "shipping_address": "1 Long Street", "items": [item]}

    return [
        (10, "GET /orders", lambda: ("GET", "/orders", {"params": {"customer_id": pick(1, customers)}})),
        (26, "GET /orders/{order_id}", lambda: ("GET", f"/orders/{pick(1, customers * 20)}", {})),
        (26, "GET /customers/{customer_id}", lambda: ("GET", f"/customers/{pick(1, customers)}", {})),
        (10, "GET /customers", lambda: ("GET", "/customers", {"params": {"email": f"customer{pick(1, customers)}@example.com"}})),
        (12, "GET /flags/{name}", lambda: ("GET", f"/flags/flag-{pick(1, 9)}", {})),
        (6, "POST /sessions", lambda: ("POST", "/sessions", {"json": {"customer_id": pick(1, customers)}})),
        (5, "POST /orders", lambda: ("POST", "/orders", {"json": order()})),
        (5, "POST /orders/{order_id}/pay", lambda: ("POST", f"/orders/{pick(1, customers * 20)}/pay", {})),
    ]


class _Load:
    def __init__(self, client: httpx.AsyncClient, rps: float, customers: int, counts: Path) -> None:
        self.client, self.rps, self.counts = client, rps, counts
        self.mix = _requests(customers)
        self.sent: Counter[tuple[str, str]] = Counter()
        self.dropped = 0
        self.under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send for ever; the n-th request starts at n / rps seconds, whether or not the ones before have ended."""
        started, number, written = time.monotonic(), 0, -_WRITE_EVERY_S
        weights = [weight for weight, _, _ in self.mix]
        chooser = random.Random(11)  # noqa: S311 - the same traffic on every run
        while True:
            now = time.monotonic()
            if now - written >= _WRITE_EVERY_S:
                self.write()
                written = now
            _, route, make = chooser.choices(self.mix, weights)[0]
            if len(self.under_way) < _IN_FLIGHT:
                task = asyncio.create_task(self.send(route, make()))
                self.under_way.add(task)
                task.add_done_callback(self.under_way.discard)
            else:
                self.dropped += 1
            number += 1
            await asyncio.sleep(max(0.0, started + number / self.rps - time.monotonic()))

    async def send(self, route: str, request: Request) -> None:
        method, path, rest = request
        headers = {"X-Request-ID": uuid.uuid4().hex, "X-Client-ID": f"client-{random.randint(1, 40)}"}  # noqa: S311
        try:
            status = str((await self.client.request(method, path, headers=headers, **rest)).status_code)
        except httpx.HTTPError as error:
            status = type(error).__name__
        self.sent[route, status] += 1

    def write(self) -> None:
        by_route: dict[str, dict[str, int]] = {}
        for (route, status), count in sorted(self.sent.items()):
            by_route.setdefault(route, {})[status] = count
        part = self.counts.with_suffix(".part")
        part.write_text(json.dumps({"sent": sum(self.sent.values()), "dropped": self.dropped, "routes": by_route}))
        part.replace(self.counts)


async def main(api_url: str, rps: float, customers: int, counts: Path) -> None:
    """Send `rps` requests per second to `api_url` until killed."""
    limits = httpx.Limits(max_connections=_IN_FLIGHT, max_keepalive_connections=20)
    async with httpx.AsyncClient(base_url=api_url, timeout=_TIMEOUT_S, limits=limits, trust_env=False) as client:
        await _Load(client, rps, customers, counts).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
