"""Which paths the middleware of a Next.js application stands before."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.git.connect import Checkout
from helpers.git.typescript.middleware import covers, matchers_of
from helpers.git.typescript.source import read_scripts
from helpers.results import CheckResult, Status

__all__ = ["MatchedPath", "middleware"]


@dataclass(frozen=True, slots=True)
class MatchedPath:
    """One pattern of its matcher, as written."""

    pattern: str
    file: str
    line: int

    def covers(self, path: str) -> bool:
        """Return whether it has a path."""
        return covers(self.pattern, path)


async def middleware(checkout: Checkout) -> CheckResult[MatchedPath]:
    """The patterns of `proxy.ts` or `middleware.ts`.

    Args:
        checkout: The checkout; nothing of it is run.

    Returns:
        OK with the patterns, none where it stands before every path; SKIPPED when there is no such file. Facts: `file`.
    """
    file, found = matchers_of(await read_scripts(checkout))
    if not file:
        return CheckResult(Status.SKIPPED, reason="The application has no proxy.ts or middleware.ts.")
    rows = [MatchedPath(one.pattern, one.script.path, one.script.line(one.node)) for one in found]
    return CheckResult(Status.OK, rows, f"{file} stands before {len(rows) or 'all'} paths.", facts={"file": file})
