"""The route handlers of a Next.js application: where they are, what wraps them, and the settings of their segment."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from helpers.git.connect import Checkout
from helpers.git.typescript.handlers import Handler, calls_in, handlers_of, serves
from helpers.git.typescript.source import read_scripts, walk
from helpers.results import CheckResult, Status

__all__ = ["WebHandler", "web_handlers"]

_PARSES = re.compile(r"\.(safeParse|parse|parseAsync|safeParseAsync|validate|assert)$")
USUAL = 0.5  # of the handlers pass through a wrapper: it is how this application does it


@dataclass(frozen=True, slots=True)
class WebHandler:
    """One handler; `wrappers` outermost first, `checks_input` whether it calls a schema, `catches` whether it has a try of its own."""

    route: str
    file: str
    line: int
    wrappers: list[str]
    checks_input: bool
    catches: bool
    settings: dict[str, str]

    def serves(self, path: str, method: str = "GET") -> bool:
        """Return whether a request of this path is its."""
        return serves(self.route, path, method)


async def web_handlers(checkout: Checkout) -> CheckResult[WebHandler]:
    """Every exported method of every route of the App Router.

    Args:
        checkout: The checkout; nothing of it is run.

    Returns:
        OK with the handlers, SKIPPED when there are none. Facts: `usual_wrapper` (the outermost call most handlers pass through).

    Source: Next.js documentation, route.js and Route Segment Config.
    """
    found = handlers_of(await read_scripts(checkout))
    if not found:
        return CheckResult(Status.SKIPPED, reason="The checkout has no route handlers of Next.js (app/**/route.ts).")
    outer = Counter(handler.wrappers[0] for handler in found if handler.wrappers)
    name, count = outer.most_common(1)[0] if outer else ("", 0)
    usual = name if count >= max(2, USUAL * len(found)) else ""
    rows = [_row(handler) for handler in found]
    return CheckResult(Status.OK, rows, f"{len(rows)} handlers, {count} of them through {name}." if usual else f"{len(rows)} handlers.",
                       facts={"usual_wrapper": usual})  # fmt: skip


def _row(handler: Handler) -> WebHandler:
    node = handler.body or handler.node
    parses = any(_PARSES.search(name) for name, _ in calls_in(handler.script, node))
    catches = any(part.type == "try_statement" for part in walk(node))
    return WebHandler(handler.route, handler.script.path, handler.script.line(handler.node), list(handler.wrappers), parses, catches,
                      dict(handler.settings))  # fmt: skip
