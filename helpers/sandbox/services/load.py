"""The load generator: steady, mixed, bounded traffic on the demo application."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from helpers.sandbox.services.api import python_path
from helpers.sandbox.services.base import Service

__all__ = ["LoadService"]


class LoadService(Service):
    """One process of helpers/sandbox/load.py; what it sent stands in `load.json`."""

    name = "load"
    listens = False

    def __init__(self, folder: Path, api_url: str, rps: float, customers: int) -> None:
        super().__init__(folder)
        self.api_url, self.rps, self.customers = api_url, rps, customers
        self.counts = folder / "load.json"

    def command(self) -> list[str]:
        """Return the generator."""
        return [sys.executable, "-m", "helpers.sandbox.load", self.api_url, str(self.rps), str(self.customers), str(self.counts)]

    def environment(self) -> Mapping[str, str]:
        """Return the environment it needs to be found."""
        return python_path()

    async def answers(self) -> bool:
        """Return whether the first counts are written."""
        return self.counts.exists()

    def address(self) -> str:
        """Return where its traffic goes."""
        return f"{self.rps:g} requests/s to {self.api_url}"
