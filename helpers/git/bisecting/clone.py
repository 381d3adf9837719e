"""A throw-away clone in a folder of temporary files: the checkout it was made from is read, and never written to.

A worktree of the checkout would leave an entry in its repository; a clone that shares the objects leaves nothing. Hooks, configured filters
and submodules are not taken along.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from helpers.git.connect import Checkout

__all__ = ["Clone", "throw_away"]

ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


class Clone:
    """The clone: `folder` is where the revision's code lies, the same part of the repository as the checkout's root."""

    def __init__(self, top: Checkout, folder: Path) -> None:
        self._top = top
        self.folder = folder

    async def switch(self, commit: str) -> None:
        """Put a revision there; what an earlier build left is removed. Raises BadAnswer when it is not there."""
        await self._top.git("checkout", "--quiet", "--force", "--detach", commit, environment=ALONE)
        await self._top.git("clean", "--quiet", "-ffdx", environment=ALONE)


@asynccontextmanager
async def throw_away(checkout: Checkout) -> AsyncIterator[Clone]:
    """Yield a clone without a working tree yet; it is removed whatever happens. Raises SystemProblem."""
    prefix = (await checkout.git("rev-parse", "--show-prefix")).strip()
    common = (await checkout.git("rev-parse", "--path-format=absolute", "--git-common-dir")).strip()
    with tempfile.TemporaryDirectory(prefix="runbook-bisect-", ignore_cleanup_errors=True) as folder:
        top = Path(folder) / "code"
        await checkout.git(
            "clone",
            "--quiet",
            "--shared",
            "--no-checkout",
            "--template=",
            "--no-recurse-submodules",
            "--",
            common,
            str(top),
            environment=ALONE,
        )
        await asyncio.to_thread((top / prefix).mkdir, parents=True, exist_ok=True)
        yield Clone(Checkout(top), top / prefix)
