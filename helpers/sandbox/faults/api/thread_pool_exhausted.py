"""Handlers that are plain `def` take all threads for seconds each: every other such handler waits, async ones do not.

Three ways: polling for a file that another program prints, another company's service asked by a client that is not async, and fewer threads
than there were.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault, Request
from helpers.sandbox.faults.api._upstream import Upstream

__all__ = ["ThreadPoolExhausted"]

_MAIN = "shop/main.py"
_LABELS = '''"""Shipping labels, printed by a program that looks into a folder."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(prefix="/labels", tags=["labels"])

_FORMATS = ["a6", "a5", "letter"]
_PATIENCE_S = 2.5
_SPOOL = Path(tempfile.gettempdir()) / "shop-labels"


def _printed(order_id: int) -> bool:
    """Return whether the printer was done in time."""
    done = _SPOOL / f"{order_id}.pdf"
    until = time.monotonic() + _PATIENCE_S
    while not done.exists():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@router.get("/formats")
def formats() -> list[str]:
    """Return the formats there are."""
    return _FORMATS


@router.get("/{order_id}")
def label(order_id: int) -> dict[str, bool]:
    """Return whether an order's label is printed."""
    return {"printed": _printed(order_id)}
'''
_LABELLED = {
    _MAIN: (
        ("import customers, flags, orders, reports, sessions\n", "import customers, flags, labels, orders, reports, sessions\n"),
        ("(orders, customers, reports, sessions, flags)", "(orders, customers, reports, sessions, flags, labels)"),
    )
}
_VAT = '''"""Tax numbers, checked by an office that takes its time."""

from __future__ import annotations

from typing import Annotated

import httpx
from fastapi import APIRouter, Depends

from shop.dependencies import SettingsOf

__all__ = ["router"]

router = APIRouter(prefix="/tax-numbers", tags=["tax"])
_office = httpx.Client(timeout=30)


def _checked(settings: SettingsOf, number: str) -> bool:
    answer = _office.get(f"{settings.tax_office_url}/check/{number}")
    return answer.is_success


@router.get("/{number}")
async def tax_number(number: str, valid: Annotated[bool, Depends(_checked)]) -> dict[str, bool | str]:
    """Return whether a tax number is valid."""
    return {"number": number, "valid": valid}
'''
_TAXED = {
    _MAIN: (
        ("import customers, flags, orders, reports, sessions\n", "import customers, flags, orders, reports, sessions, tax\n"),
        ("(orders, customers, reports, sessions, flags)", "(orders, customers, reports, sessions, flags, tax)"),
    ),
    "shop/settings.py": (('    access_log: str = ""\n', '    access_log: str = ""\n    tax_office_url: str = ""\n'),),
}
_EXPORTS = '''"""Exports, made from a snapshot on disk."""

from __future__ import annotations

import csv
import io
import time

from fastapi import APIRouter, Response

__all__ = ["router"]

router = APIRouter(prefix="/exports", tags=["exports"])
_ROWS = 200


def _rows() -> list[list[int]]:
    time.sleep(0.9)  # cold storage
    return [[number, number * 7] for number in range(_ROWS)]


def _as_csv(rows: list[list[int]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


@router.get("/orders.csv")
def orders_export() -> Response:
    """Return all orders."""
    return Response(_as_csv(_rows()), media_type="text/csv")


@router.get("/customers.csv")
def customers_export() -> Response:
    """Return all customers."""
    return Response(_as_csv(_rows()), media_type="text/csv")
'''
_EXPORTED = {
    _MAIN: (
        ("import customers, flags, orders, reports, sessions\n", "import customers, exports, flags, orders, reports, sessions\n"),
        ("(orders, customers, reports, sessions, flags)", "(orders, customers, reports, sessions, flags, exports)"),
    ),
    "shop/dependencies.py": (
        ("import asyncpg\n", "import anyio.to_thread\nimport asyncpg\n"),
        (
            "    settings: Settings = app.state.settings\n    pool =",
            "    settings: Settings = app.state.settings\n    anyio.to_thread.current_default_thread_limiter().total_tokens = 4\n    pool =",
        ),
    ),
}


@dataclass
class ThreadPoolExhausted(CodeFault):
    """A handler that polls (default), a dependency that asks another service (`upstream`), two exports and four threads (`few`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "upstream", "few")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("feat: wait for labels to be printed", _LABELLED, {"shop/routes/labels.py": _LABELS}),
        "upstream": Change("feat: check tax numbers", _TAXED, {"shop/routes/tax.py": _VAT}),
        "few": Change("perf: exports, and no more threads than cores", _EXPORTED, {"shop/routes/exports.py": _EXPORTS}),
    }

    upstream: Upstream | None = field(default=None, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Start the tax office where it is asked, deploy, and use the routes."""
        change = self.changes[self.variant]
        if self.variant == "upstream":
            self.upstream = Upstream.slow(3.0)
            address = f"http://{await self.upstream.start()}"
            change = Change(change.message, change.edits, change.new_files, {"TAX_OFFICE_URL": address})
        await self.deploy(change)
        await self.meet(place)

    async def meet(self, place: Addresses) -> None:
        """Let people use the routes that fill the threads, others of their kind, and async ones."""
        asked: dict[str, list[Request]] = {
            "default": [("GET", "/labels/{n}"), ("GET", "/labels/{n}"), ("GET", "/labels/{n}"), ("GET", "/labels/formats")],
            "upstream": [("GET", "/tax-numbers/DE{n}")],
            "few": [("GET", "/exports/orders.csv"), ("GET", "/exports/customers.csv")],
        }
        slow = asked[self.variant]
        self.subject = {
            "default": "GET /labels/{order_id}",
            "upstream": "GET /tax-numbers/{number}",
            "few": "GET /exports/customers.csv, GET /exports/orders.csv",
        }[self.variant]
        self.parameters = {"endpoint": f"GET {slow[-1][1].replace('{n}', '7')}"}
        usual: Request = ("GET", "/flags/flag-{n}")
        self.traffic(place, *slow, *([usual] if self.variant != "few" else [usual, usual]), rps=14.0 if self.variant == "few" else 30.0)

    async def heal(self, place: Addresses) -> None:
        """Deploy what ran before, and close the tax office."""
        await super().heal(place)
        if self.upstream is not None:
            await self.upstream.close()
