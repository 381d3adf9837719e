"""What a worker of a cluster does: it runs one job as this machine would, with its own profiles and secrets.

An order is plain JSON: names, parameters, references. An incident is claimed before anything happens, because a scheduler hands the order
of a dead worker to another one: the second to come finds the claim, runs nothing, and leaves it to the batch to close the incident first.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from helpers.errors import RunbookError
from helpers.runner.batches.disk import is_full
from helpers.runner.batches.sources import read_notebook
from helpers.runner.batches.store import Store
from helpers.runner.executor import LOST, Outcome, outcome_of, recover_folder, why_not
from helpers.runner.leash import Leash
from helpers.runner.plan import Job

__all__ = ["STOP", "Order", "close_incident", "run_job"]

Order = dict[str, Any]
BEAT_S = 1.0
SILENT_S = 6.0  # a living run's sign changes several times within it
ALIVE, STOP = ".alive", ".stop"  # beside an incident's evidence: its sign of life, and the word that ends it


def run_job(order: Order) -> dict[str, Any]:
    """Run the job of an order and return its outcome as JSON values; never raises for what the job does."""
    return asdict(asyncio.run(_run(order)))


def close_incident(order: Order) -> dict[str, Any] | None:
    """Close the incident of an order whose worker or batch is gone, as soon as it is silent.

    Returns its outcome where the run had ended by itself, or did so meanwhile; else None.
    """
    outcome = asyncio.run(_close(order))
    return asdict(outcome) if outcome else None


async def _run(order: Order) -> Outcome:
    store, name = Store(order["store"]), f"incidents/{order['incident']}"
    if store.exists(order["stop"]):
        return Outcome("stopped", 4, "It was stopped before it began.", interrupted=True)
    if store.local and not store.local.is_dir():
        return Outcome("refused", 2, f"The worker does not see the folder {store.local}: --out must be one that all workers share.")
    if not _claimed(store, name):
        return Outcome(LOST, 4, "The worker that ran it is gone.", store.at(name))
    try:
        with tempfile.TemporaryDirectory(prefix="runbook-incident-") as scratch:
            folder = store.local / name if store.local else Path(scratch) / order["incident"]
            return await _perform(order, store, name, folder)
    except (RunbookError, OSError) as error:
        away = isinstance(error, OSError) and not is_full(error)  # a store that does not answer: this run's trouble, not the batch's
        verdict, code = ("broken", 4) if away else why_not(error)
        return Outcome(verdict, code, str(error), store.at(name))


async def _perform(order: Order, store: Store, name: str, folder: Path) -> Outcome:
    from helpers.runner.prepare import prepare
    from helpers.runner.run import perform

    job, leash = Job(**order["job"]), Leash(*order["limits"])
    prepared = await prepare(job.runbook, job.parameters, profile=job.profile, apply=job.apply, confirm=job.confirm)
    if read_notebook(prepared.info.path).hash != order["runbook"]:
        return Outcome("refused", 2, f"The runbook {job.runbook} of this worker is not the one the plan was checked with.")
    await asyncio.to_thread(folder.mkdir, 0o700, exist_ok=True)
    async with _watched(order, store, name, folder, leash):
        result = await perform(prepared, leash, folder)
    if store.local is None:
        store.put_folder(folder, name)
    return outcome_of(result.document, store.at(name), interrupted=leash.interrupted)


def _claimed(store: Store, name: str) -> bool:
    """Take the incident; False when somebody has. In a shared folder that is atomic; a store knows it well enough for one after another."""
    if store.local:
        try:
            (store.local / name).mkdir(parents=True, mode=0o700)
        except FileExistsError:
            return False
        return True
    if store.exists(f"{name}/{ALIVE}"):
        return False
    store.put(f"{name}/{ALIVE}", b"0")
    return True


@asynccontextmanager
async def _watched(order: Order, store: Store, name: str, folder: Path, leash: Leash) -> AsyncIterator[None]:
    """While the run goes on: give a sign of life, keep its evidence in the store, and pull the leash when the batch is stopped."""
    watching = asyncio.create_task(_watch(order, store, name, folder, leash))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def _watch(order: Order, store: Store, name: str, folder: Path, leash: Leash) -> None:
    for beat in range(1, 1_000_000):
        with suppress(OSError):  # a full disk, a store that is away for a while: the next beat tries again
            await asyncio.to_thread(_beat, store, name, folder, beat)
            for word in (order["stop"], f"{name}/{STOP}"):
                if said := await asyncio.to_thread(store.get, word):
                    leash.stop(said.decode())
        await asyncio.sleep(BEAT_S)


def _beat(store: Store, name: str, folder: Path, beat: int) -> None:
    from helpers.incident.evidence import EVIDENCE

    store.put(f"{name}/{ALIVE}", str(beat).encode())
    if store.local is None and (evidence := folder / EVIDENCE).is_file():
        store.put(f"{name}/{EVIDENCE}", evidence.read_bytes())


async def _close(order: Order) -> Outcome | None:
    store, name = Store(order["store"]), f"incidents/{order['incident']}"
    _claimed(store, name)  # whoever comes late finds it taken
    await _silence(store, name)
    if store.local:
        return await recover_folder(store.local / name, order["reason"])
    with tempfile.TemporaryDirectory(prefix="runbook-incident-") as scratch:
        folder = Path(scratch) / order["incident"]
        await asyncio.to_thread(folder.mkdir)
        await asyncio.to_thread(store.get_folder, name, folder)
        ended = await recover_folder(folder, order["reason"])
        await asyncio.to_thread(store.put_folder, folder, name)
        return Outcome(**{**asdict(ended), "folder": store.at(name)}) if ended else None


async def _silence(store: Store, name: str) -> None:
    """Return once the sign of life has not changed for a while; one look compared with another, so that no clocks are."""
    sign = await asyncio.to_thread(store.get, f"{name}/{ALIVE}")
    while True:
        await asyncio.sleep(SILENT_S)
        last, sign = sign, await asyncio.to_thread(store.get, f"{name}/{ALIVE}")
        if last == sign:
            return
