"""Which routes come to a function, and where async code gets to a call."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.git.callgraph import Call, CallGraph
from helpers.git.project import Function
from helpers.git.routes import Route

__all__ = ["routes_reaching", "ways_to"]


def routes_reaching(graph: CallGraph, routes: Sequence[Route], function: Function) -> list[Route]:
    """Return the routes whose handler or dependency is the function, or calls it, however far away."""
    above, left = {function}, [function]
    while left:
        for call in graph.callers.get(left.pop(), ()):
            if call.caller not in above:
                above.add(call.caller)
                left.append(call.caller)
    return [route for route in routes if route.handler in above or above.intersection(route.dependencies)]


def ways_to(graph: CallGraph, call: Call) -> list[Call]:
    """Return the calls in async functions from which plain functions lead to `call`; the call itself where it stands in async code.

    Steps known by a method's name only are not followed: a patch rests on certain ones.
    """
    if call.caller.is_async:
        return [call]
    found, seen, left = [], {call.caller}, [call.caller]
    while left:
        for step in graph.callers.get(left.pop(), ()):
            if not step.certain:
                continue
            if step.caller.is_async:
                found.append(step)
            elif step.caller not in seen:
                seen.add(step.caller)
                left.append(step.caller)
    return found
