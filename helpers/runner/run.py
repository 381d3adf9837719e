"""Run one runbook to its report: whatever happens on the way, an incident with a verdict is left.

papermill runs the notebook in a thread of this process; this coroutine holds the leash, listens to signals and finishes
what the kernel could not: an applied, unproven fix is undone, the evidence closed, the report written.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import RunbookError, RunBroken, UsageError
from helpers.runner.events import Event, OnEvent
from helpers.runner.leash import CELL_S, RUN_S, Leash
from helpers.runner.prepare import Prepared, prepare
from helpers.runner.signals import stop_signals
from helpers.runner.tail import follow

if TYPE_CHECKING:
    from helpers.incident.document import IncidentDocument

__all__ = ["RunResult", "execute", "new_incident", "perform"]

NOTEBOOK = "notebook.ipynb"


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its document, its folder, and the exit code that says the same."""

    document: IncidentDocument
    folder: Path
    exit_code: int


async def execute(
    name_or_path: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    profile: str | None = None,
    apply: bool = False,
    confirm: str = "",
    out: Path = Path("incidents"),
    cell_timeout_s: float = CELL_S,
    run_timeout_s: float = RUN_S,
    on_event: OnEvent | None = None,
    env: Mapping[str, str] | None = None,
) -> RunResult:
    """Run one runbook; returns when its report is written and no process of it is left.

    Args:
        name_or_path: A runbook's name, or the path of a notebook with a parameters cell.
        parameters: Typed values by name; the notebook's defaults stand for the rest.
        profile: The profile to point it at; None leaves the notebook's own.
        apply: Whether the fix may be applied.
        confirm: The profile's name, typed, for a protected one.
        out: Where incidents are kept.
        cell_timeout_s: Seconds one cell may take.
        run_timeout_s: Seconds the whole run may take, reports of a broken run excluded.
        on_event: Told in this thread what happens.
        env: Variables for the kernel beside this process's own.

    Raises:
        UsageError: bad parameters, profile or notebook; nothing was started.
        RunBroken: a second signal came before the first one's work was done.

    Ctrl-C, SIGTERM or a closed terminal end the run in order (exit code 4); so does cancelling this coroutine, which then raises.

    """
    prepared = await prepare(name_or_path, parameters or {}, profile=profile, apply=apply, confirm=confirm)
    leash = Leash(cell_timeout_s, run_timeout_s)
    folder = new_incident(prepared, out)
    performing = asyncio.ensure_future(perform(prepared, leash, folder, on_event=on_event, env=env))
    left = False

    def stop(what: str) -> None:
        nonlocal left
        if leash.reason:  # the second time: whoever asks twice wants out
            left = performing.cancel()
        leash.stop(f"The run was interrupted: {what}.")

    with stop_signals(stop):
        try:
            return await performing
        except asyncio.CancelledError:
            if not left:
                raise
    hint = f"`runbook undo {folder.name}` undoes a change that may still stand."
    raise RunBroken(f"The run was left at the second signal; {folder.name} may not be closed.", remedy=hint)


def new_incident(prepared: Prepared, out: Path) -> Path:
    """Make and return the incident's folder. Raises UsageError when it cannot be made."""
    from helpers.incident.opening import new_folder

    try:
        return new_folder(prepared.slug, out)
    except OSError as error:
        raise UsageError(f"{out} cannot hold incidents: {error.strerror}.", remedy="Choose another folder with --out.") from error


async def perform(
    prepared: Prepared, leash: Leash, folder: Path, *, on_event: OnEvent | None = None, env: Mapping[str, str] | None = None
) -> RunResult:
    """Run a prepared runbook into its folder, under a leash somebody else may pull."""
    from helpers.runner.finish import finish

    tell = on_event or (lambda _: None)
    tell(Event("started", str(folder), {"runbook": prepared.info.name, "profile": prepared.profile, "apply": prepared.apply}))
    unseen: list[str] = []
    with ThreadPoolExecutor(1, "runbook") as pool:
        running = asyncio.get_running_loop().run_in_executor(pool, _papermill, prepared, leash, folder, _to_loop(tell), unseen, env or {})
        failure, cancelled = await _outcome(running, leash, folder, tell)
    if leash.reason:
        tell(Event("stopping", leash.reason))
    document = await finish(folder, failure, interrupted=leash.interrupted, unseen=unseen, tell=tell)
    if cancelled:
        raise asyncio.CancelledError
    tell(Event("finished", document.summary, {"verdict": str(document.verdict), "exit_code": document.exit_code}))
    return RunResult(document, folder, document.exit_code)


def _to_loop(tell: OnEvent) -> OnEvent:
    loop = asyncio.get_running_loop()

    def tell_there(event: Event) -> None:
        loop.call_soon_threadsafe(tell, event)

    return tell_there


async def _outcome(running: asyncio.Future[None], leash: Leash, folder: Path, tell: OnEvent) -> tuple[str, bool]:
    """Wait for the thread; returns why the run broke (or an empty string), and whether this task was cancelled meanwhile."""
    from helpers.incident.evidence import EVIDENCE

    following = asyncio.ensure_future(follow(folder / EVIDENCE, tell))
    cancelled = False
    while not running.done():
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError:
            cancelled = True
            leash.stop("The run was cancelled.")
    following.cancel()
    await asyncio.wait({following})
    error = running.exception()
    if error is None:
        return leash.reason, cancelled
    return error.reason if isinstance(error, RunbookError) else f"{type(error).__name__}: {error}", cancelled


def _papermill(prepared: Prepared, leash: Leash, folder: Path, on_cell: OnEvent, unseen: list[str], env: Mapping[str, str]) -> None:
    """In the thread: run the notebook by papermill, which itself writes nothing."""
    from helpers.runner.imports import import_papermill

    papermill = import_papermill()
    from nbformat import v4

    from helpers.incident.opening import FOLDER_VARIABLE
    from helpers.redaction import write_bytes

    papermill.execute_notebook(
        prepared.info.path, None, parameters=prepared.values, engine_name="runbook", progress_bar=False, kernel_name="python3", language="python",
        leash=leash, on_cell=on_cell, unseen=unseen, sink=lambda nb: write_bytes(folder / NOTEBOOK, v4.writes(nb).encode()),
        env={**os.environ, **env, FOLDER_VARIABLE: str(folder)},
    )  # fmt: skip
