"""Beyond one machine: the jobs of a batch on a Dask cluster. Orders carry references; secrets are resolved on the workers."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.errors import RunBroken, UsageError
from helpers.runner.batches.disk import is_full
from helpers.runner.batches.remote import STOP, Order, close_incident, run_job
from helpers.runner.batches.store import Store
from helpers.runner.executor import LOST, NO_SPACE, Outcome, Started
from helpers.runner.plan import Job

__all__ = ["DaskExecutor"]

CONNECT_S = 15.0
LOOK_S = 1.0


class DaskExecutor:
    """Runs each job on a worker of the cluster at `address`; incidents go to `store`, the batch's own folder there.

    Args:
        address: The scheduler's, such as tcp://scheduler:8786.
        store: The batch's folder, which all workers reach.
        runbooks: The hash of each runbook: a worker that has another one refuses.
        limits: Seconds for a cell and a run.

    """

    def __init__(self, address: str, store: Store, runbooks: Mapping[str, str], limits: tuple[float, float]) -> None:
        self.address, self.store, self.runbooks, self.limits = address, store, runbooks, limits
        self._client: Any = None
        self._stop = f"stop-{secrets.token_hex(4)}"
        self._stopping: asyncio.Future[None] | None = None

    async def connect(self) -> None:
        """Connect to the scheduler. Raises UsageError when there is none, or Dask is not installed."""
        try:
            from distributed import Client
        except ImportError as error:
            raise UsageError("--scheduler needs Dask.", remedy="pip install 'backend-runbooks[cluster]'.") from error
        try:
            self._client = await Client(self.address, asynchronous=True, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise UsageError(f"No scheduler answers at {self.address}: {error}.", remedy="Start one with `dask scheduler`.") from error

    async def close(self) -> None:
        """Let go of the cluster; it stays."""
        if self._stopping is not None:
            await self._stopping
        if self._client is not None:
            await self._client.close()

    async def run(self, job: Job, started: Started) -> Outcome:
        """Run one job on some worker to its outcome; `lost` when that worker died."""
        incident = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{_slug(job.runbook)}-{secrets.token_hex(4)}"
        where = self.store.at(f"incidents/{incident}")
        try:
            started(where)
        except OSError as error:
            if not is_full(error):
                raise
            return Outcome(NO_SPACE, 4, str(error))
        told = await self._answer(run_job, self._order(incident, job=asdict(job), runbook=self.runbooks.get(job.runbook, "")))
        return Outcome(**told) if told else Outcome(LOST, 4, "The worker that ran it is gone.", where)

    async def recover(self, folder: str, reason: str) -> Outcome | None:
        """Close the incident of a run that was cut off, on a worker, which has the secrets an undo may need; see Executor."""
        incident = folder.rpartition("/")[2]
        # First the word that ends it, where it still runs for nobody: the order that closes it may have to wait for that very worker.
        await asyncio.to_thread(self.store.put, f"incidents/{incident}/{STOP}", reason.encode())
        told = await self._answer(close_incident, self._order(incident, reason=reason))
        return Outcome(**told) if told else None

    def stop(self, reason: str) -> None:
        """Leave word in the store, which every worker looks for."""
        loop = asyncio.get_running_loop()
        self._stopping = self._stopping or loop.run_in_executor(None, self.store.put, self._stop, reason.encode())

    def _order(self, incident: str, **more: Any) -> Order:
        return {"store": self.store.url, "incident": incident, "stop": self._stop, "limits": list(self.limits), **more}

    async def _answer(self, do: Any, order: Order) -> dict[str, Any] | None:
        """Return what a worker answers; None when it died."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        future = self._client.submit(do, order, key=f"{do.__name__}-{order['incident']}-{secrets.token_hex(2)}", pure=False, retries=0)
        answering = asyncio.ensure_future(future.result())
        while not answering.done():
            await asyncio.wait({answering}, timeout=LOOK_S)
            if do is run_job and not answering.done() and await self._never_began(order):
                await self._client.cancel([future])
                await asyncio.gather(answering, return_exceptions=True)
                return asdict(Outcome("stopped", 4, "It was stopped before it began.", interrupted=True))
        error = None if answering.cancelled() else answering.exception()
        if answering.cancelled() or isinstance(error, FutureCancelledError):
            raise RunBroken(f"The scheduler at {self.address} is gone.", remedy="Start it and go on with --resume.")
        if error is None:
            answer: dict[str, Any] | None = answering.result()
            return answer
        if isinstance(error, KilledWorker):
            return None
        raise RunBroken(f"A worker could not take the order: {type(error).__name__}: {error}.", remedy=_SAME) from error

    async def _never_began(self, order: Order) -> bool:
        """Whether the batch was stopped before any worker took the order."""
        return self._stopping is not None and not await asyncio.to_thread(self.store.exists, f"incidents/{order['incident']}")


_SAME = "Workers need this package, in the same version, with the same runbooks."


def _slug(runbook: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", Path(runbook).stem.lower()).strip("_")[:41] or "notebook"
