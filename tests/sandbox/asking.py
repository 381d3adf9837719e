"""What the sandbox's tests ask of a server, and of the machine afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from helpers.sandbox.services.api import python_path

CATALOG = """
    select n.nspname || '.' || c.relname || ' ' || c.relkind::text || ' ' || coalesce(pg_get_indexdef(i.indexrelid), '') || coalesce(i.indisvalid::text, '')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid
    where n.nspname !~ '^(pg_|information_schema)' order by 1
"""


async def poll(condition: Callable[[], Awaitable[Any]], within_s: float = 30.0) -> Any:
    """The first true answer of `condition`."""
    deadline = time.monotonic() + within_s
    while not (answer := await condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s")
        await asyncio.sleep(0.02)
    return answer


async def catalog(connection: asyncpg.Connection) -> list[str]:
    """Every table and index of the database, with validity."""
    return [row[0] for row in await connection.fetch(CATALOG)]


async def run_of(connection: asyncpg.Connection, query: str) -> dict[str, float]:
    """One real execution: blocks touched, rows estimated and found at the node that reads the table."""
    document = json.loads(await connection.fetchval(f"explain (analyze, buffers, format json) {query}"))[0]["Plan"]
    node = document
    while "Plans" in node:
        node = node["Plans"][0]
    blocks = document["Shared Hit Blocks"] + document["Shared Read Blocks"]
    return {"blocks": blocks, "estimated": node["Plan Rows"], "found": node["Actual Rows"]}


def traces(folder: Path) -> list[str]:
    """What is left of the sandbox in `folder`: its processes and the folder itself."""
    found = [str(folder)] if folder.exists() else []
    for process in psutil.process_iter(["pid", "cmdline", "cwd", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        if process.info["status"] != psutil.STATUS_ZOMBIE and (str(folder) in words or (process.info["cwd"] or "").startswith(str(folder))):
            found.append(f"{process.info['pid']} {words}")
    return found


async def nothing_left(folder: Path) -> bool:
    """No process, no folder."""
    return not traces(folder)


def shared_memory(folder: Path) -> tuple[str, str]:
    """Key and id of the SysV segment the sandbox's PostgreSQL made: line 7 of its postmaster.pid."""
    key, segment = (folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[6].split()
    return key, segment


def remains(segment: tuple[str, str]) -> bool:
    """Whether the machine still has that segment; False where there is no list of them."""
    table = Path("/proc/sysvipc/shm")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return segment in {(row[0], row[1]) for row in rows}


@contextlib.asynccontextmanager
async def owner_process(code: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that runs `code` and is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, **python_path(), **environment}
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
