"""A seeded NDJSON log of requests, in order of time, as large as asked."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["FROM", "PER_SECOND", "write"]

FROM = 1_772_524_800.0  # 2026-03-03T08:00:00Z
PER_SECOND = 400.0
ROUTES = (
    ("GET", "/orders/{order_id}", "/orders/%d", 0.36, 18.0), ("GET", "/orders", "/orders?customer_id=%d", 0.22, 45.0),
    ("POST", "/orders", "/orders", 0.10, 70.0), ("GET", "/products/{sku}", "/products/sku-%d", 0.18, 9.0),
    ("GET", "/health", "/health", 0.08, 0.8), ("POST", "/login", "/login", 0.06, 130.0),
)  # fmt: skip
BATCH = 20_000


def write(path: Path, at_least: int, *, seed: int = 1) -> int:
    """Write at least so many bytes; return the lines. Durations are log-normal, one request in a hundred fails, versions change once."""
    rng, weights, size, number, at = random.Random(seed), [r[3] for r in ROUTES], 0, 0, FROM
    with path.open("wb") as file:
        while size < at_least:
            lines = []
            for route in rng.choices(ROUTES, weights, k=BATCH):
                at += rng.expovariate(PER_SECOND)
                lines.append(_line(route, at, size > at_least / 2, rng))
            size += file.write(("\n".join(lines) + "\n").encode())
            number += BATCH
    return number


def _line(route: tuple[str, str, str, float, float], at: float, newer: bool, rng: random.Random) -> str:
    method, template, path, _, typical = route
    url = path % rng.randrange(500_000) if "%" in path else path
    status = 500 if rng.random() < 0.01 else 200
    took = typical * math.exp(rng.gauss(0.0, 0.6))
    moment = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    return (
        f'{{"event": "request", "timestamp": "{moment}", "level": "info", "logger": "shop.access", "http_request_method": "{method}", '
        f'"url_path": "{url}", "http_route": "{template}", "http_response_status_code": {status}, "duration_ms": {took:.3f}, '
        f'"request_id": "{rng.getrandbits(128):032x}", "service_version": "{"1.5.0" if newer else "1.4.2"}"}}'
    )
