"""A deployment that makes nothing worse: a new version runs, and a few requests failed while it was swapped in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault

__all__ = ["UneventfulDeploy"]


@dataclass
class UneventfulDeploy(CodeFault):
    """The order list becomes longer and a header is added; both are harmless."""

    lookalike: ClassVar[bool] = True
    changes: ClassVar[dict[str, Change]] = {
        "default": Change(
            "feat: list up to 60 orders",
            {
                "shop/routes/orders.py": (("order by created_at desc limit 50", "order by created_at desc limit 60"),),
                "shop/logs.py": (
                    (
                        '    response.headers["x-request-id"] = request_id\n',
                        '    response.headers["x-request-id"] = request_id\n    response.headers["x-content-type-options"] = "nosniff"\n',
                    ),
                ),
            },
        )
    }

    async def meet(self, place: Addresses) -> None:
        """Let people use it as before."""
        self.parameters = {"endpoint": "GET /orders?customer_id=42"}
        self.traffic(place, ("GET", "/orders?customer_id={n}"), ("GET", "/customers/{n}"), ("GET", "/orders/{n}"), rps=8.0)
