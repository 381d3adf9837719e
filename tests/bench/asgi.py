"""What the runtime middleware costs a request: the same application with and without it, in turns, in one process.

Requests are ASGI calls without a network, so that microseconds can be told apart: a Starlette route, a FastAPI one with validation, and one
that acquires a connection of a fake pool would take milliseconds over a socket. The watch's thread and its ticks run meanwhile and are in it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import time
from collections.abc import Callable, MutableMapping
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from helpers.asgi import RuntimeMiddleware

__all__ = ["HEADING", "measure", "section"]

HEADING = "## The runtime middleware: what a request costs"
ROUNDS = int(os.environ.get("BENCH_PAIRS", "250"))
BATCH = 200
GOAL_US = 20.0

App = Callable[..., Any]
Found = dict[str, list[tuple[float, float]]]


def starlette() -> App:
    async def one(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/orders/{order_id}", one)])


def fastapi() -> App:
    app = FastAPI()

    @app.get("/orders/{order_id}")
    async def one(order_id: int) -> dict[str, int]:
        return {"id": order_id}

    return app


KINDS = {"Starlette, one route": starlette, "FastAPI, a path parameter validated": fastapi}
HEADERS = [(b"host", b"shop.example"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"x-forwarded-for", b"192.0.2.7")]


def scope() -> MutableMapping[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/orders/7",
        "raw_path": b"/orders/7", "query_string": b"", "root_path": "", "headers": HEADERS, "client": ("192.0.2.7", 1), "server": ("shop", 80),
    }  # fmt: skip


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: MutableMapping[str, Any]) -> None:
    return None


async def batch(app: App) -> float:
    """Return the microseconds that one request took, of a batch."""
    began = time.perf_counter()
    for _ in range(BATCH):
        await app(scope(), receive, send)
    return (time.perf_counter() - began) / BATCH * 1e6


async def measure() -> Found:
    """Return by kind of application pairs of µs a request, without and with the middleware; which comes first changes by turns."""
    logging.getLogger("runbook.runtime").setLevel(logging.INFO)
    logging.getLogger("runbook.runtime").addHandler(logging.NullHandler())
    found: Found = {}
    for name, make in KINDS.items():
        plain = make()
        watched = RuntimeMiddleware(plain, pools={"postgres": lambda: None})
        pairs = []
        for number in range(ROUNDS + 1):
            pair = [0.0, 0.0]
            for which in (0, 1) if number % 2 else (1, 0):
                pair[which] = await batch((plain, watched)[which])
                await asyncio.sleep(0)
            if number:  # the first warms up
                pairs.append((pair[0], pair[1]))
        found[name] = pairs
    return found


def section(found: Found) -> str:
    """Return the page's section."""
    lines = [
        HEADING, "",
        f"ASGI calls in one process, without a network; {ROUNDS} interleaved pairs of {BATCH} requests each, medians (middle half). The watch's",
        "thread runs meanwhile. With requests that follow each other without a pause its ticks are spread over the most requests there can be;",
        "an idle process pays 20 ticks and 50 looks a second.", "",
        "| application | without, µs | with, µs | **difference, µs a request** |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, pairs in found.items():
        differences = [after - before for before, after in pairs]
        told = [_told([before for before, _ in pairs]), _told([after for _, after in pairs]), f"**{_told(differences)}**"]
        lines.append(f"| {name} | {' | '.join(told)} |")
    return "\n".join([*lines, "", f"The goal is at most {GOAL_US:g} µs."])


def _told(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.1f} ({low:.1f} – {high:.1f})"


if __name__ == "__main__":
    print(section(asyncio.run(measure())))
