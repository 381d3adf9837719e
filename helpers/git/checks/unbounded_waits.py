"""Where a route's code can wait without end: calls to other hosts without a time limit, and loops that await."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.git.connect import Checkout
from helpers.git.typescript.handlers import handlers_of
from helpers.git.typescript.reach import waits_of
from helpers.git.typescript.source import read_scripts
from helpers.results import CheckResult, Status

__all__ = ["UnboundedWait", "unbounded_waits"]


@dataclass(frozen=True, slots=True)
class UnboundedWait:
    """One place a route reaches; `kind` is call or loop, `text` what is called or the loop's condition."""

    route: str
    file: str
    line: int
    kind: str
    text: str
    bounded: bool
    limit_s: float

    def serves(self, route: str) -> bool:
        """Return whether it is reached from this route (`GET /api/orders/[id]`)."""
        return self.route == route


async def unbounded_waits(checkout: Checkout) -> CheckResult[UnboundedWait]:
    """The waits of every route of a Next.js application, those without a bound first.

    Args:
        checkout: The checkout; nothing of it is run.

    Returns:
        OK with the waits (`limit_s`: the route's `maxDuration`, 0 where it states none); SKIPPED when there are no route handlers.
    """
    scripts = await read_scripts(checkout)
    handlers = handlers_of(scripts)
    if not handlers:
        return CheckResult(Status.SKIPPED, reason="The checkout has no route handlers of Next.js (app/**/route.ts).")
    rows = []
    for handler in handlers:
        stated = handler.settings.get("maxDuration", "")
        limit = float(stated) if stated.isdigit() else 0.0
        rows += [
            UnboundedWait(handler.route, wait.script.path, wait.script.line(wait.node), wait.kind, wait.text, wait.bounded, limit)
            for wait in waits_of(handler, scripts)
        ]
    rows.sort(key=lambda row: (row.bounded, row.route))
    open_ended = sum(not row.bounded for row in rows)
    return CheckResult(Status.OK, rows, f"{open_ended} of {len(rows)} waits of {len(handlers)} routes have no bound.")
