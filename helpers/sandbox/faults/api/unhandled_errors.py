"""A handler raises for one kind of input that it did not expect, and nobody handles it: 500.

Two ways: a value of a parameter that a helper takes apart, and a page number that makes a statement which the database refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault

__all__ = ["UnhandledErrors"]

_CUSTOMERS = "shop/routes/customers.py"
_ORDERS = "shop/routes/orders.py"
_DOMAINS = '''"""Which mail providers customers use, for support."""

from __future__ import annotations

__all__ = ["provider_of"]


def provider_of(email: str) -> str:
    """Return the provider of an address."""
    _, provider = email.split("@")
    return provider.lower()
'''
_PROVIDERS = {
    _CUSTOMERS: (
        ("from shop.models import Customer\n", "from shop.domains import provider_of\nfrom shop.models import Customer\n"),
        ('router = APIRouter(prefix="/customers"', 'log = structlog.stdlib.get_logger("shop")\nrouter = APIRouter(prefix="/customers"'),
        ("from fastapi import APIRouter", "import structlog\nfrom fastapi import APIRouter"),
        (
            '    return [dict(row) for row in await database.fetch("select * from customers where email = $1", email)]',
            '    log.info("looked up", provider=provider_of(email))\n'
            '    return [dict(row) for row in await database.fetch("select * from customers where email = $1", email)]',
        ),
    )
}
_PAGES = {
    _ORDERS: (
        ("order by created_at desc limit 50\n", "order by created_at desc limit 50 offset $2\n"),
        (
            "customer_id: Annotated[int, Query(gt=0)]) -> Any:",
            "customer_id: Annotated[int, Query(gt=0)], page: int = 1) -> Any:",
        ),
        ("await database.fetch(_LIST, customer_id)]", "await database.fetch(_LIST, customer_id, (page - 1) * 50)]"),
    )
}


@dataclass
class UnhandledErrors(CodeFault):
    """An address without `@` (default), a page numbered zero (`page_zero`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "page_zero")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("feat: note which mail provider is looked up", _PROVIDERS, {"shop/domains.py": _DOMAINS}),
        "page_zero": Change("feat: pages of orders", _PAGES),
    }

    async def meet(self, place: Addresses) -> None:
        """Let people ask in the usual way, and some in the other."""
        if self.variant == "default":
            self.subject = f"ValueError at {self.at('shop/domains.py', '_, provider = email.split')}"
            self.parameters = {"endpoint": "", "route": "GET /customers"}
            usual, other = "/customers?email=customer{n}%40example.com", "/customers?email=customer{n}&source=app"
        else:
            self.subject = f"InvalidRowCountInResultOffsetClauseError at {self.at(_ORDERS, 'await database.fetch(_LIST')}"
            self.parameters = {"endpoint": "GET /orders?customer_id=42&page=0&sort=newest&lang=de"}
            usual, other = "/orders?customer_id={n}&page=1", "/orders?customer_id={n}&page=0"
        self.traffic(place, ("GET", usual), ("GET", usual), ("GET", other), ("GET", "/flags/flag-{n}"), rps=10.0)
