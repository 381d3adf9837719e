"""One triage in a process of its own, by the same command that people type: what breaks, hangs or grows there takes nothing else with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Outcome", "TriageRun"]

END_S = 5.0  # it closes its sessions
_COMMAND = "from helpers.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a triage ended: `state` is done, failed or timed_out; the rest is what it printed, empty when it did not."""

    state: str
    exit_code: int | None
    took_s: float
    incident: str = ""
    summary: str = ""
    ranked: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TriageRun:
    """How triages are run: where incidents go, for how long it looks (`budget_s`) and may take (`limit_s`), and variables it is not given."""

    out: Path
    budget_s: float
    limit_s: float
    without: frozenset[str] = frozenset()

    async def run(self, body: bytes, profile: str) -> Outcome:
        """Return how the triage of one alert ended. Its process and all it started are gone then, also when this is cancelled.

        Raises:
            OSError: no process can be started.

        """
        began = time.monotonic()
        words = ["triage", "--profile", profile, "--alert", "-", "--json", "--budget", str(self.budget_s), "--out", str(self.out)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", _COMMAND, *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True, env={k: v for k, v in os.environ.items() if k not in self.without},
        )  # fmt: skip
        try:
            async with asyncio.timeout(self.limit_s):
                printed, _ = await process.communicate(body)
        except TimeoutError:
            return Outcome("timed_out", None, round(time.monotonic() - began, 1))
        finally:
            await _end(process)
        said = _said(printed)
        ranked = tuple(str(row.get("runbook", "")) for row in said.get("ranked", [])[:3])
        return Outcome("done" if said else "failed", process.returncode, round(time.monotonic() - began, 1),
                       str(said.get("incident", "")), str(said.get("summary", "")), ranked)  # fmt: skip


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process's whole session, politely first."""
    for number, wait_s in ((signal.SIGTERM, END_S), (signal.SIGKILL, END_S)):
        if process.returncode is not None:
            break
        _signal(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await process.wait()
    _signal(process.pid, signal.SIGKILL)  # whom it left behind in its group


def _signal(leader: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _said(printed: bytes) -> dict[str, Any]:
    """Return the document it printed, empty when it is none."""
    try:
        said = json.loads(printed)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
