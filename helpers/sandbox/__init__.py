"""The sandbox: real servers, a demo application under load, and faults that break the real thing.

No Docker, no root, nothing to install by hand; nothing is left behind, whatever kills its owner.
`Sandbox.start(…)` is for a process that owns it, the verbs (`up`, `down` …) for the command line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.sandbox.commands import break_, down, heal, status, up
    from helpers.sandbox.sandbox import ActiveFault, Sandbox

__all__ = ["ActiveFault", "Sandbox", "break_", "down", "heal", "status", "up"]

# Found on first use: the demo application and the load generator live in this package too and need none of it.
_HOMES = {
    **dict.fromkeys(("break_", "down", "heal", "status", "up"), "helpers.sandbox.commands"),
    **dict.fromkeys(("ActiveFault", "Sandbox"), "helpers.sandbox.sandbox"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
