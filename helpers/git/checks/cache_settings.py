"""Which settings let a cache keep a route's answers, and where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers.git.connect import Checkout
from helpers.git.typescript.caching import configured, keeps_of
from helpers.git.typescript.handlers import handlers_of
from helpers.git.typescript.source import read_scripts
from helpers.results import CheckResult, Status

__all__ = ["CacheSetting", "cache_settings"]

CONFIGURATION = "vercel.json"


@dataclass(frozen=True, slots=True)
class CacheSetting:
    """One setting of one route; `kind` is segment, header or configuration."""

    route: str
    setting: str
    kind: str
    file: str
    line: int

    def serves(self, route: str) -> bool:
        """Return whether it is this route's (`GET /api/orders/[id]`); a pattern of the configuration fits many."""
        if self.kind != "configuration":
            return self.route == route
        pattern = re.sub(r":\w+\*?|\(\.\*\)|\*", ".*", self.route)
        return re.fullmatch(pattern, route.partition(" ")[2]) is not None


async def cache_settings(checkout: Checkout) -> CheckResult[CacheSetting]:
    """The settings of every route of a Next.js application that let a cache keep its answers.

    Args:
        checkout: The checkout; nothing of it is run.

    Returns:
        OK with the settings; SKIPPED when there are no route handlers.

    Source: Next.js documentation, Route Segment Config; Vercel documentation, Cache-Control headers.
    """
    scripts = await read_scripts(checkout)
    handlers = handlers_of(scripts)
    if not handlers:
        return CheckResult(Status.SKIPPED, reason="The checkout has no route handlers of Next.js (app/**/route.ts).")
    rows = [
        CacheSetting(handler.route, one.setting, one.kind, one.script.path, one.script.line(one.node))
        for handler in handlers
        for one in keeps_of(handler, scripts)
    ]
    if CONFIGURATION in await checkout.files(".json"):
        text = checkout.text(CONFIGURATION)
        rows += [CacheSetting(source, kept, "configuration", CONFIGURATION, _line_of(text, source)) for source, kept in configured(text)]
    kept = len({row.route for row in rows})
    return CheckResult(Status.OK, rows, f"{kept} of {len(handlers)} routes may be kept by a cache.")


def _line_of(text: str, source: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if f'"{source}"' in line), 1)
