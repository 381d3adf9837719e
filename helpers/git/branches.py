"""A patch kept as a branch: made from the commit that is checked out, with an index of its own, so that nobody's work is touched."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from helpers.errors import BadAnswer, FixFailed
from helpers.git.connect import Checkout

__all__ = ["CheckoutWriter"]

IDENTITY = {"GIT_AUTHOR_NAME": "runbook", "GIT_AUTHOR_EMAIL": "runbook@localhost", "GIT_COMMITTER_NAME": "runbook"}
IDENTITY |= {"GIT_COMMITTER_EMAIL": "runbook@localhost"}
PREFIX = "runbook/"


class CheckoutWriter(Checkout):
    """A session that may make and delete branches under `runbook/`; nothing else, and nothing is pushed."""

    async def make_branch(self, name: str, diff: str, message: str) -> str:
        """Return the commit of a branch that holds the diff; the same branch made again is the same. Raises FixFailed."""
        self._check(name)
        try:
            head = (await self.git("rev-parse", "HEAD")).strip()
            tree = await self._tree(diff)
            found = await self._found(name)
            if found:
                if (await self.git("rev-parse", f"{found}^{{tree}}")).strip() == tree:
                    return found
                raise FixFailed(f"The branch {name} exists already and holds something else.", remedy=f"git branch --delete {name}")
            commit = (await self.git("commit-tree", tree, "-p", head, "-m", message, environment=IDENTITY)).strip()
            await self.git("update-ref", f"refs/heads/{name}", commit, "0" * len(commit))
        except BadAnswer as refused:
            raise FixFailed(f"The branch {name} could not be made: {refused.reason}") from None
        return commit

    async def delete_branch(self, name: str, diff: str) -> None:
        """Delete the branch when it is one commit with this diff; no-op when it is gone. Raises FixFailed when it is something else by now."""
        self._check(name)
        found = await self._found(name)
        if not found:
            return
        if not await self._is_ours(found, diff):
            raise FixFailed(f"Somebody went on with {name}: it is left as it is.", remedy=f"Look at it: git log {name}")
        await self.git("update-ref", "-d", f"refs/heads/{name}", found)

    async def _is_ours(self, commit: str, diff: str) -> bool:
        """Whether a commit is its parent with this diff, and nothing else."""
        try:
            base = (await self.git("rev-parse", f"{commit}^")).strip()
            return (await self.git("rev-parse", f"{commit}^{{tree}}")).strip() == await self._tree(diff, base)
        except BadAnswer:  # the diff does not apply to what is there now
            return False

    async def _tree(self, diff: str, base: str = "HEAD") -> str:
        """Return the tree of a commit with the diff applied, by an index in a folder of temporary files."""
        with tempfile.TemporaryDirectory(prefix="runbook-git-") as folder:
            own = {"GIT_INDEX_FILE": os.fspath(Path(folder) / "index")}
            await self.git("read-tree", base, environment=own)
            await self.git("apply", "--cached", "-", stdin=diff.encode(), environment=own)
            return (await self.git("write-tree", environment=own)).strip()

    async def _found(self, name: str) -> str:
        listed = await self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{name}")
        return listed.strip()

    @staticmethod
    def _check(name: str) -> None:
        if not name.startswith(PREFIX):
            raise FixFailed(f"{name} is no branch of a runbook.")
