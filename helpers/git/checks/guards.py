"""What keeps strangers out of each route, as the code has it, and what keeps them out of the routes around it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from helpers.git.callgraph import CallGraph
from helpers.git.connect import Checkout
from helpers.git.guarding import guards_of
from helpers.git.project import Project, read_project
from helpers.git.routes import Route, routes_of
from helpers.results import CheckResult, Status

__all__ = ["GuardedRoute", "guards"]


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """One route, its handler, and its guards by dotted name; `usual` is the guard of most routes of the same resource, empty where none has one."""

    route: str
    file: str
    line: int
    function: str
    guards: list[str]
    usual: str


async def guards(checkout: Checkout) -> CheckResult[GuardedRoute]:
    """Routes with what guards them, those first that lack the guard of their neighbours.

    Args:
        checkout: The checkout; tests in it are left out.

    Returns:
        PROBLEM when a route has no guard and routes of the same resource have one; OK otherwise; UNKNOWN when no route is found. What a
        middleware or a gateway guards is not seen here.

    Source: FAULTS.md B7; FastAPI documentation, "Security" and "Dependencies in path operation decorators".
    """
    project = await read_project(checkout)
    rows = await asyncio.to_thread(_rows, project)
    if not rows:
        return CheckResult(Status.UNKNOWN, reason="The checkout holds no route of FastAPI or Starlette.", remedy="Is it the right folder?")
    bare = [row for row in rows if not row.guards and row.usual]
    facts = {"routes": len(rows), "guarded": sum(bool(row.guards) for row in rows), "bare": [row.route for row in bare]}
    if not bare:
        return CheckResult(
            Status.OK, rows, f"{facts['guarded']} of {len(rows)} routes have a guard, none lacks its neighbours'.", facts=facts
        )
    first = bare[0]
    said = (
        f"{len(bare)} routes lack the guard of their neighbours; first {first.route} at {first.file}:{first.line}, without {first.usual}."
    )
    return CheckResult(Status.PROBLEM, [*bare, *(row for row in rows if row not in bare)], said, facts=facts)


def _rows(project: Project) -> list[GuardedRoute]:
    graph = CallGraph(project)
    found = [(route, guards_of(graph, route)) for route in routes_of(project)]
    return [_row(route, own, found) for route, own in found]


def _row(route: Route, own: list[str], found: list[tuple[Route, list[str]]]) -> GuardedRoute:
    """A guard of the route's own handler is no other's: it is left out of what is usual."""
    around: Counter[str] = Counter()
    for other, theirs in found:
        if other is not route and _resource(other.path) == _resource(route.path):
            around.update(name for name in theirs if not name.endswith(f".{other.handler.name}"))
    usual = around.most_common(1)[0][0] if around else ""
    return GuardedRoute(str(route), route.handler.module.path, route.handler.node.lineno, route.handler.name, own, usual)


def _resource(path: str) -> str:
    """What stands before the first open part: `/v1/orders` of `/v1/orders/{order_id}/invoice`."""
    return path.partition("{")[0].rstrip("/") or "/"
