"""A deployment of many commits, one of which makes a route worse: it waits, or it fails for some of what it is given.

The other commits are harmless; two of them do not even import, and are mended by the next.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import RunbookError
from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault
from helpers.sandbox.faults.platform._history import steps

__all__ = ["DeployRegression"]

COMMITS, PLANTED, BROKEN = 64, 41, (20, 47)
_BEFORE_S, _AFTER_S = 7.0, 7.0
_ORDERS = "shop/routes/orders.py"
_LIST = "    return [dict(row) for row in await database.fetch(_LIST, customer_id)]\n"
_WAIT = "    import asyncio\n\n    await asyncio.sleep(0.25)  # the replica is behind: let it catch up\n"
_ONE = '    return {**row, "items": [dict(item) for item in items]}\n'
_DIGIT = '    check_digit = 97 % (order_id % 4)\n    return {**row, "check_digit": check_digit, "items": [dict(item) for item in items]}\n'


@dataclass
class DeployRegression(CodeFault):
    """A route that waits (default), one that fails for a quarter of the orders (`errors`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "errors")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("fix(orders): list what was just placed", {_ORDERS: ((_LIST, _WAIT + _LIST),)}),
        "errors": Change("feat(orders): a check digit for the courier", {_ORDERS: ((_ONE, _DIGIT),)}),
    }

    async def inject(self, place: Addresses) -> None:
        """Let people use it, deploy the history with the planted commit, and let them go on."""
        if self.host is None:
            raise RunbookError("This fault changes the application's code, and the sandbox has no api.", remedy="runbook sandbox up")
        await self.meet(place)
        await asyncio.sleep(_BEFORE_S)
        self.deployed_from = self.host.checkout.version()
        planted = await asyncio.to_thread(self._grow)
        await self.host.redeploy({}, "uvicorn")
        function = "orders_of_customer" if self.variant == "default" else "order"
        self.subject = f"{self.host.checkout.version()} {planted} {_ORDERS}:{function}"
        await asyncio.sleep(_AFTER_S)

    def _grow(self) -> str:
        """Commit the history and return the planted commit's short hash."""
        checkout, planted, change = self.host.checkout, "", self.changes[self.variant]
        for number, step in enumerate(steps(COMMITS - 1, BROKEN, seed=64)):
            if number == PLANTED:
                checkout.edit(change.edits, {})
                checkout.commit(change.message)
                planted = checkout.revision()
            checkout.edit(step.edits, step.files)
            checkout.commit(step.message)
        return planted

    async def meet(self, place: Addresses) -> None:
        """Let people use it as before and after."""
        self.traffic(
            place,
            ("GET", "/orders?customer_id={n}"),
            ("GET", "/orders/{n}"),
            ("GET", "/customers/{n}"),
            ("GET", "/flags/flag-{n}"),
            rps=12.0,
        )
