"""The keyspace by prefix, against what redis-cli offers for it, on a server with millions of mixed keys.

Side by side in interleaved rounds: our sample, our full count, `redis-cli --bigkeys`, `--memkeys` and (8.0 and later) `--keystats`. The
truth is the full count. And what a sample costs a neighbour: redis-benchmark's p99 with and without one beside it.
"""

from __future__ import annotations

import asyncio
import csv
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio

from helpers.redis.connect import Redis, open_session
from helpers.redis.keyspace import Keyspace, sample, scan_all
from helpers.sandbox import Sandbox

__all__ = ["HEADING", "Found", "measure", "section"]

HEADING = "## Redis: the keyspace by prefix"
KEYS = int(os.environ.get("BENCH_KEYS", "2000000"))
ROUNDS = int(os.environ.get("BENCH_PAIRS", "3"))
TOOLS = ("--bigkeys", "--memkeys", "--keystats")
SEED = 20_261
MIX = (("session:", 0.42, 300), ("product:", 0.27, 900), ("rate:", 0.18, 4), ("cart:", 0.08, 0), ("feed:", 0.04, 0), ("flag:", 0.01, 2))
BATCH = 5000


@dataclass
class Found:
    """What was measured: seconds by contender, the largest error of a share in points, p99 with ÷ without a sample beside it."""

    keys: int = 0
    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors_points: list[float] = field(default_factory=list)
    sampled: list[int] = field(default_factory=list)
    p99_ratios: list[float] = field(default_factory=list)


async def fill(url: str, keys: int) -> None:
    """Make `keys` keys of six kinds, strings, hashes and lists of uneven sizes, half of them with an expiry."""
    rng = random.Random(SEED)
    kinds, weights = [name for name, _, _ in MIX], [share for _, share, _ in MIX]
    size = {name: length for name, _, length in MIX}
    async with redis.asyncio.Redis.from_url(url) as client:
        await client.config_set("maxmemory", 0)
        for start in range(0, keys, BATCH):
            pipe = client.pipeline(transaction=False)
            for number in range(start, min(start + BATCH, keys)):
                _add(pipe, rng.choices(kinds, weights)[0], number, rng, size)
            await pipe.execute()
            if start % 250_000 == 0:
                sys.stderr.write(f"keyspace: {start:,} of {keys:,} keys made\n")


def _add(pipe: Any, kind: str, number: int, rng: random.Random, size: dict[str, int]) -> None:
    if kind == "cart:":
        pipe.hset(f"cart:{number}", mapping={f"sku-{i}": i for i in range(rng.randint(1, 12))})
    elif kind == "feed:":
        pipe.rpush(f"feed:{number}", *[f"{rng.getrandbits(64):016x}"] * rng.randint(1, 60))
    else:
        name = f"session:{rng.getrandbits(128):032x}" if kind == "session:" else f"{kind}{number}"
        pipe.set(name, "x" * rng.randint(1, 2 * size[kind]), ex=rng.randint(3600, 86_400) if kind in ("session:", "rate:") else None)


def cli(url: str, *arguments: str) -> bool:
    """Run redis-cli; return whether this version knows what was asked."""
    environment = {**os.environ, "REDISCLI_AUTH": redis.asyncio.Redis.from_url(url).get_connection_kwargs()["password"]}
    port = url.rpartition(":")[2].partition("/")[0]
    done = subprocess.run(["redis-cli", "-p", port, *arguments], capture_output=True, text=True, env=environment, timeout=1800, check=False)
    return done.returncode == 0 and "Unrecognized option" not in done.stdout + done.stderr


async def timed(work: Callable[[], Awaitable[Any]], into: list[float]) -> Any:
    began = time.perf_counter()
    answer = await work()
    into.append(time.perf_counter() - began)
    return answer


def error_points(found: Keyspace, truth: Keyspace) -> float:
    """Return the largest difference of a prefix's share of keys or bytes, in points."""
    wanted = {r.prefix: r for r in truth.tally.rows(truth.total_keys)}
    rows = {r.prefix: r for r in found.tally.rows(found.total_keys)}
    worst = 0.0
    for prefix, row in wanted.items():
        got = rows.get(prefix)
        worst = max(
            worst, abs(row.keys_pct - (got.keys_pct if got else 0)), abs((row.bytes_pct or 0) - ((got.bytes_pct or 0) if got else 0))
        )
    return worst


async def p99_ms(url: str, beside: Callable[[], Awaitable[Any]] | None) -> float:
    """Return redis-benchmark's p99 of GET over about six seconds, with something beside it."""
    port, password = url.rpartition(":")[2].partition("/")[0], redis.asyncio.Redis.from_url(url).get_connection_kwargs()["password"]
    command = ["redis-benchmark", "-p", port, "-a", password, "-t", "get", "-n", "400000", "-c", "20", "--csv"]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stop = asyncio.Event()

    async def again() -> None:
        while beside and not stop.is_set():
            await beside()

    task = asyncio.create_task(again())
    out, _ = await process.communicate()
    stop.set()
    await task
    rows = list(csv.DictReader(out.decode().splitlines()))
    return float(rows[0]["p99_latency_ms"])


async def measure() -> Found | str:
    """Return what was measured, or why it was not."""
    if not (shutil.which("redis-cli") and shutil.which("redis-benchmark")):
        return "redis-cli and redis-benchmark are not installed (apt install redis-tools)"
    found = Found()
    async with Sandbox.start(services=("redis",)) as sandbox:
        await fill(sandbox.redis_url, KEYS)
        session = await open_session(sandbox.redis_url, application_name="runbook:bench")
        for number in range(ROUNDS):
            await _round(session, sandbox.redis_url, found)
            sys.stderr.write(f"keyspace: round {number + 1} of {ROUNDS}\n")
        for number in range(2 * ROUNDS):
            pair = {}
            for beside in (True, False) if number % 2 else (False, True):
                pair[beside] = await p99_ms(sandbox.redis_url, (lambda: sample(session)) if beside else None)
            found.p99_ratios.append(pair[True] / pair[False])
            sys.stderr.write(f"keyspace: pair {number + 1} of {2 * ROUNDS}\n")
        await session.close()
    return found


async def _round(session: Redis, url: str, found: Found) -> None:
    truth = await timed(lambda: scan_all(session), found.seconds.setdefault("full count", []))
    found.keys = truth.total_keys
    one = await timed(lambda: sample(session), found.seconds.setdefault("sample", []))
    found.errors_points.append(error_points(one, truth))
    found.sampled.append(one.tally.count)
    for tool in TOOLS:
        took: list[float] = []
        if await timed(lambda t=tool: asyncio.to_thread(cli, url, t), took):  # type: ignore[misc]
            found.seconds.setdefault(tool, []).extend(took)


def section(found: Found | str) -> str:
    """Return the part of docs/benchmarks.md that says it."""
    if isinstance(found, str):
        return f"{HEADING}\n\nNot measured: {found}.\n"
    theirs = {tool: took for tool, took in found.seconds.items() if tool in TOOLS}
    fastest = min(theirs, key=lambda tool: statistics.median(theirs[tool]))
    ratio = [a / b for a, b in zip(found.seconds["sample"], theirs[fastest], strict=True)]
    full = [a / b for a, b in zip(found.seconds["full count"], theirs.get("--memkeys", theirs[fastest]), strict=True)]
    rows = "\n".join(f"| {_name(tool)} | {_median(took, ' s', 2)} |" for tool, took in found.seconds.items())
    absent = ", ".join(f"`{t}`" for t in TOOLS if t not in theirs)
    lacking = f" This redis-cli does not know {absent}." if absent else ""
    return f"""{HEADING}

{found.keys:,} keys of six kinds (strings, hashes, lists, half of them with an expiry), {ROUNDS} interleaved rounds.{lacking}

| | wall |
| --- | --- |
{rows}

- Sample ÷ the fastest of theirs (`{fastest}`): **{_median(ratio, "", 3)}**; goal 0.05. It looked at {_median(found.sampled, "", 0)} keys.
- Largest error of any prefix's share of keys or memory, in points, against the full count: **{_median(found.errors_points, "", 2)}**; goal 2.
- Full count ÷ `--memkeys`, which asks for the same: {_median(full, "", 2)}; goal 1. Ours also tells type, expiry and idle time by prefix.
- `redis-benchmark`'s p99 with samples taken beside it all the time ÷ without: **{_median(found.p99_ratios, "", 2)}**, of {len(found.p99_ratios)} pairs; goal 1.05.

The full count asks each key for its expiry and idle time too, in pipelines of Python: that is what it is slower by. A sample is a burst of small
commands on one of two cores that the server, the benchmark and the sampling share here: taken in a loop beside `redis-benchmark` its p99 is that of
three busy processes on two cores. A runbook takes one sample, in turns of 25 keys with pauses between them.
"""


def _name(tool: str) -> str:
    return f"`redis-cli {tool}`" if tool in TOOLS else f"ours: {tool}"


def _median(values: list[Any], unit: str, digits: int) -> str:
    low, middle, high = (f"{v:,.{digits}f}{unit}" for v in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} – {high})"
