"""A call that blocks runs on the event loop: while it lasts, no request of that process moves.

Three ways it gets there: a hash computed in a function that a handler calls, a sleep between attempts in a dependency of every route of
one resource, a child process that is waited for (under gunicorn, so that only the worker that serves it stands still).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault

__all__ = ["EventLoopBlocked"]

_RECEIPTS = '''"""Receipts carry a signature, so that support can tell a forged one."""

from __future__ import annotations

import hashlib

__all__ = ["signature"]

_ROUNDS = 900_000


def signature(order_id: int, total_cents: int) -> str:
    """Return the receipt's signature."""
    text = f"{order_id}:{total_cents}".encode()
    return hashlib.pbkdf2_hmac("sha256", text, b"shop-receipts", _ROUNDS).hex()
'''
_ORDERS = "shop/routes/orders.py"
_SIGNED = {
    _ORDERS: (
        (
            "from shop.models import NewOrder, Order, OrderDetail\n",
            "from shop.models import NewOrder, Order, OrderDetail\nfrom shop.receipts import signature\n",
        ),
        (
            '    return {**row, "items"',
            '    log.info("receipt", receipt=signature(row["id"], row["total_cents"])[:12])\n    return {**row, "items"',
        ),
        ('router = APIRouter(prefix="/orders"', 'log = structlog.stdlib.get_logger("shop")\nrouter = APIRouter(prefix="/orders"'),
        ("from fastapi import APIRouter", "import structlog\nfrom fastapi import APIRouter"),
    )
}
_FLAGS = "shop/routes/flags.py"
_RETRIED = {
    _FLAGS: (
        ("from fastapi import APIRouter\n", "import time\nfrom typing import Annotated\n\nfrom fastapi import APIRouter, Depends\n"),
        (
            'router = APIRouter(prefix="/flags"',
            "_ATTEMPTS = 3\n\n\ndef _wait(attempt: int) -> None:\n    time.sleep(0.06 * (attempt + 1))\n\n\n"
            "async def _read(cache: Cache, name: str) -> str | None:\n    for attempt in range(_ATTEMPTS):\n"
            '        value = await cache.get(f"flag:{name}")\n        if value is not None:\n            return value\n        _wait(attempt)\n    return None\n\n\n'
            "FlagValue = Annotated[str | None, Depends(_read)]\n\n"
            'router = APIRouter(prefix="/flags"',
        ),
        ("async def flag(cache: Cache, name: str) -> Flag:", "async def flag(name: str, value: FlagValue) -> Flag:"),
        ('    value = await cache.get(f"flag:{name}")\n    return Flag', "    return Flag"),
    )
}  # fmt: skip
_CUSTOMERS = "shop/routes/customers.py"
_AVATARS = '''"""Avatars, drawn by an external program."""

from __future__ import annotations

import subprocess
import sys

__all__ = ["Avatars"]

_DRAW = "import sys, time; time.sleep(0.4); sys.stdout.write(sys.argv[1])"


class Avatars:
    """Draws a customer's initials."""

    def draw(self, name: str) -> str:
        """Return the drawing."""
        done = subprocess.run([sys.executable, "-c", _DRAW, name[:2]], capture_output=True, text=True, timeout=10, check=True)
        return done.stdout


avatars = Avatars()
'''
_DRAWN = {
    _CUSTOMERS: (
        ("from shop.models import Customer\n", "from shop.avatars import avatars\nfrom shop.models import Customer\n"),
        (
            '    return [dict(row) for row in await database.fetch("select * from customers where email = $1", email)]',
            '    found = [dict(row) for row in await database.fetch("select * from customers where email = $1", email)]\n'
            '    for row in found:\n        log.info("avatar", avatar=avatars.draw(row["name"]))\n    return found',
        ),
        ('router = APIRouter(prefix="/customers"', 'log = structlog.stdlib.get_logger("shop")\nrouter = APIRouter(prefix="/customers"'),
        ("from fastapi import APIRouter", "import structlog\nfrom fastapi import APIRouter"),
    )
}
_BY_EMAIL = "/customers?email=customer{n}%40example.com"
_USUAL = (("GET", "/orders?customer_id={n}"), ("GET", "/customers/{n}"), ("POST", "/sessions", {"json": {"customer_id": 7}}))


@dataclass
class EventLoopBlocked(CodeFault):
    """A hash on the loop (default), a sleep in a dependency (`retry`), a child process under gunicorn (`gunicorn`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "retry", "gunicorn")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("feat: sign receipts", _SIGNED, {"shop/receipts.py": _RECEIPTS}),
        "retry": Change("fix: read a flag again when it is missing", _RETRIED),
        "gunicorn": Change("feat: avatars for support", _DRAWN, {"shop/avatars.py": _AVATARS}, server="gunicorn"),
    }

    async def meet(self, place: Addresses) -> None:
        """Let others use the route that blocks; people complain about it and about its neighbours."""
        file, text, path = {
            "default": ("shop/receipts.py", "pbkdf2_hmac(", "/orders/{n}"),
            "retry": (_FLAGS, "time.sleep(", "/flags/beta-{n}"),
            "gunicorn": ("shop/avatars.py", "subprocess.run(", _BY_EMAIL),
        }[self.variant]
        self.subject = self.at(file, text)
        self.parameters = {"endpoint": "GET /customers/7" if self.variant == "default" else f"GET {path.replace('{n}', '7')}"}
        self.traffic(place, ("GET", path), *_USUAL, rps=6.0)
