"""Which promises a route's code does not wait for: its answer is given before, or without, what they do."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.git.connect import Checkout
from helpers.git.typescript.handlers import handlers_of, serves
from helpers.git.typescript.promises import floating_of
from helpers.git.typescript.source import read_scripts
from helpers.results import CheckResult, Status

__all__ = ["FloatingPromise", "floating_promises"]


@dataclass(frozen=True, slots=True)
class FloatingPromise:
    """One place a route reaches; `kind` is call or each (`forEach` with an async function), `text` what is called."""

    route: str
    file: str
    line: int
    kind: str
    text: str

    def serves(self, path: str, method: str = "GET") -> bool:
        """Return whether a request of this path reaches it."""
        return serves(self.route, path, method)


async def floating_promises(checkout: Checkout) -> CheckResult[FloatingPromise]:
    """The promises of every route of a Next.js application that are neither awaited, returned nor handed to `after` or `waitUntil`.

    Args:
        checkout: The checkout; nothing of it is run.

    Returns:
        OK with the places; SKIPPED when there are no route handlers. Seen are functions of the project and `fetch`; what a package's function
        returns is not known.

    Source: the rule no-floating-promises of typescript-eslint; Vercel documentation, waitUntil.
    """
    scripts = await read_scripts(checkout)
    handlers = handlers_of(scripts)
    if not handlers:
        return CheckResult(Status.SKIPPED, reason="The checkout has no route handlers of Next.js (app/**/route.ts).")
    rows = [
        FloatingPromise(handler.route, one.script.path, one.script.line(one.node), one.kind, one.text)
        for handler in handlers
        for one in floating_of(handler, scripts)
    ]
    return CheckResult(Status.OK, rows, f"{len(rows)} promises of {len(handlers)} routes are not waited for.")
