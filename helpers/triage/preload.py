"""Import what the walks will need before they begin: an import that holds up the event loop would be measured as somebody's latency."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules

from helpers.incident.systems import FOLDERS

__all__ = ["preload"]

ROOMS = ("checks", "probes")
MOST_S = 5.0  # then it goes on beside the walks: a slow disk must not take their time
LIBRARIES = ("pandas", "pyarrow.parquet", "scipy.special", "scipy.stats", "sqlglot")


async def preload(systems: Iterable[str]) -> None:
    """Import the checks and probes of these systems, and the libraries they share, in a thread, for MOST_S at the most."""
    names = [*LIBRARIES, *(f"helpers.{FOLDERS[system]}.{room}" for system in systems for room in ROOMS)]
    await asyncio.wait({asyncio.ensure_future(asyncio.to_thread(_import, names))}, timeout=MOST_S)


def _import(names: Iterable[str]) -> None:
    for name in names:
        with suppress(ImportError):
            package = import_module(name)
            if name.startswith("helpers."):
                for module in iter_modules(package.__path__):
                    import_module(f"{name}.{module.name}")
