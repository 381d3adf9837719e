"""How long a check may keep a system busy: a plain one two seconds, so that asking is no load of its own when the system is on fire.

A check that watches for a while, runs a statement, or draws a diagnosis from many measurements says so by its signature, and has the
time-outs it names itself.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from helpers.results import Diagnosis

__all__ = ["PLAIN_S", "is_plain", "patient"]

PLAIN_S = 2.0  # people repeat what has not answered by then; a monitoring query's usual statement_timeout

# What a check takes that watches, runs something, or has a time of its own to keep to.
OWN_TIME = ("window_s", "watch_s", "pause_s", "timeout_s", "budget_s", "analyze", "analyze_s", "run", "during")


def is_plain(check: Callable[..., Awaitable[Any]], arguments: Mapping[str, Any]) -> bool:
    """Return whether `check`, called with `arguments`, only asks what is known already: it returns rows and takes no time of its own."""
    if typing.get_type_hints(check).get("return") is Diagnosis:
        return False
    taken = {name: p.default for name, p in inspect.signature(check).parameters.items() if name in OWN_TIME}
    return not any(arguments.get(name, default) for name, default in taken.items())


def patient(session: Any, check: Callable[..., Awaitable[Any]], arguments: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Return a context in which a plain check's questions may take PLAIN_S together, where the session can see to it."""
    if hasattr(session, "within") and is_plain(check, arguments):
        within: AbstractContextManager[None] = session.within(PLAIN_S)
        return within
    return nullcontext()
