"""Where a batch is kept, where it runs, and where its artefacts go in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from helpers.errors import PlanError
from helpers.runner.batches.store import Store, store_at
from helpers.runner.executor import Executor, LocalExecutor
from helpers.runner.plan import Plan

__all__ = ["Place"]

HERE = Path("batches")  # where a batch that is published elsewhere keeps its journal: a file that grows needs a file system


class Place:
    """The places of one batch.

    Args:
        out: A path, or an address. A path, and `file://`, is the place itself; another address gets a copy.
        incidents: Where incidents are kept when `out` is a path and this machine runs them.
        scheduler: The address of a Dask scheduler; empty: this machine runs them.

    """

    def __init__(self, out: Path | str, incidents: Path, scheduler: str) -> None:
        self._store = store_at(out)
        self._incidents, self._scheduler = incidents, scheduler
        self.root = (self._store.local or HERE) if self._store else Path(out)
        if scheduler and self._store is None:
            self._store = Store(self.root.resolve().as_uri())

    def check(self, plan: Plan) -> None:
        """Raise PlanError when a run of the plan may change something whose undo could be lost with its worker."""
        if self._scheduler and self._store and self._store.local is None and any(job.apply for job in plan.jobs):
            raise PlanError(
                [f"The run {job.name} applies a fix, and its undo would be lost with its worker." for job in plan.jobs if job.apply],
                remedy="Let --out be a folder that all workers share (file://…), or leave `apply` out.",
            )

    def incidents(self, folder: Path) -> Path:
        """Return where this machine writes incidents of the batch in `folder`."""
        return folder / "incidents" if self._store else self._incidents

    @asynccontextmanager
    async def executor(self, folder: Path, plan: Plan) -> AsyncIterator[Executor]:
        """Yield who runs the jobs. Raises UsageError when the cluster does not answer."""
        limits = plan.limits.cell_s, plan.limits.run_s
        if not self._scheduler:
            yield LocalExecutor(self.incidents(folder), cell_timeout_s=limits[0], run_timeout_s=limits[1])
            return
        from helpers.runner.batches.cluster import DaskExecutor

        cluster = DaskExecutor(self._scheduler, self._of(folder), plan.runbooks, limits)
        try:
            await cluster.connect()
            yield cluster
        finally:
            await cluster.close()
            with suppress(OSError):
                await asyncio.to_thread(folder.rmdir)  # empty where nothing was started

    async def published(self, folder: Path) -> str:
        """Copy the batch's folder to where its artefacts go, if that is elsewhere; returns where its page is."""
        if self._store is None or self._store.local is not None:
            return str(folder / "index.html")
        there = self._of(folder)
        await asyncio.to_thread(there.put_folder, folder)
        return there.at("index.html")

    def _of(self, folder: Path) -> Store:
        return Store(f"{self._store.url if self._store else ''}/{folder.name}")
