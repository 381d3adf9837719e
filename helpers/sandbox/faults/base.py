"""What a fault is: something real that breaks, and knows what a right diagnosis would say about it."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.errors import UsageError, near_misses
from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.clients import Clients

__all__ = ["Fault"]


@dataclass
class Fault(ABC):
    """One fault in one variant.

    After `inject`: `subject` is what a right diagnosis must name, `parameters` are those a runbook would be run with to see it.
    A look-alike (`lookalike` True) breaks nothing: `code` is empty, since no failure mode is the right answer.
    `resolvable` False: its runbook's fix is a proposal, so that a run with `--apply` ends with `cause_found`; `proposed` are the
    variants of a resolvable fault for which that is so.
    """

    variants: ClassVar[tuple[str, ...]] = ("default",)
    lookalike: ClassVar[bool] = False
    resolvable: ClassVar[bool] = True
    proposed: ClassVar[tuple[str, ...]] = ()
    services: ClassVar[tuple[str, ...]] = ()  # where it takes more than the system of its area
    optional: ClassVar[tuple[str, ...]] = ()  # of those, what it can do without

    variant: str = "default"
    subject: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    clients: Clients = field(default_factory=Clients, repr=False)
    host: Any = field(default=None, repr=False)  # the sandbox's ApiService where it has one, for faults that are deployed

    @property
    def name(self) -> str:
        """The fault's file name."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def code(self) -> str:
        """The failure mode a right diagnosis names; empty for a look-alike."""
        return "" if self.lookalike else self.name

    @property
    def title(self) -> str:
        """The first line of its file."""
        return (sys.modules[type(self).__module__].__doc__ or self.name).strip().splitlines()[0].rstrip(".")

    def check_variant(self) -> None:
        """Raise UsageError when the variant does not exist."""
        if self.variant not in self.variants:
            known = ", ".join(self.variants)
            remedy = f"{near_misses(self.variant, list(self.variants))} Known: {known}.".strip()
            raise UsageError(f"{self.name} has no variant {self.variant}.", remedy=remedy)

    @abstractmethod
    async def inject(self, place: Addresses) -> None:
        """Break it; returns when the symptom is there."""

    @abstractmethod
    async def heal(self, place: Addresses) -> None:
        """Put everything back as it was before; works after a half-done inject, and after somebody else's repair."""

    async def abandon(self) -> None:
        """Let the clients go without healing: the servers end anyway."""
        await self.clients.close()

    def described(self) -> dict[str, Any]:
        """Return the fault as JSON values."""
        keys = ("name", "code", "variant", "subject", "parameters", "title", "lookalike")
        return {key: getattr(self, key) for key in keys}
