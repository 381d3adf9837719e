"""The queue of alerts to look into: bounded, and the same alert is in it once."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from helpers.alerts import Alert
from helpers.serve.limits import Limits
from helpers.serve.refusal import Refusal

__all__ = ["Intake", "Ticket"]


@dataclass(slots=True)
class Ticket:
    """One accepted alert: `folded` are those that came again meanwhile, `until` (a clock's reading) ends its cool-down, None before it ended.

    It keeps nothing of the alert's text; `body` is what the triage is given, gone once it runs.
    """

    id: str
    source: str
    fingerprint: str
    profile: str
    at: float
    body: bytes = field(repr=False)
    state: str = "queued"
    folded: int = 0
    until: float | None = None
    incident: str = ""
    exit_code: int | None = None
    took_s: float = 0.0
    notified: str = ""

    def shown(self) -> dict[str, Any]:
        """Return what the status says of it."""
        names = ("id", "source", "fingerprint", "profile", "state", "folded", "incident", "exit_code", "took_s", "notified")
        return {name: getattr(self, name) for name in names}


class Intake:
    """Tickets that wait, run, or ended a while ago."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._waiting: asyncio.Queue[Ticket] = asyncio.Queue(limits.queue)
        self._known: dict[tuple[str, str], Ticket] = {}
        self.running: list[Ticket] = []
        self.recent: deque[Ticket] = deque(maxlen=limits.recent)
        self.is_closed = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._waiting.qsize()

    def offer(self, alert: Alert, body: bytes, profile: str) -> Ticket:
        """Return the ticket of this alert: a new one, or that of the same alert which waits, runs or was looked into just now (`folded` > 0).

        Raises:
            Refusal: 503, as many wait as may, or the receiver is ending.

        """
        key = (profile, alert.fingerprint)
        known = self._known.get(key)
        if known is not None and (known.until is None or known.until > self._clock()):
            known.folded += 1
            return known
        if self.is_closed:
            raise Refusal(503, "closing", "the receiver is ending")
        ticket = Ticket(secrets.token_hex(8), alert.source, alert.fingerprint, profile, self._clock(), body)
        try:
            self._waiting.put_nowait(ticket)
        except asyncio.QueueFull:
            raise Refusal(503, "full", f"{self._limits.queue} alerts wait already") from None
        self._known[key] = ticket
        return ticket

    async def take(self) -> Ticket:
        """Return the next to run, once there is one."""
        ticket = await self._waiting.get()
        ticket.state = "running"
        self.running.append(ticket)
        return ticket

    def ended(self, ticket: Ticket, state: str) -> None:
        """Write down how a ticket ended; its cool-down begins, and those that are over are forgotten."""
        now = self._clock()
        ticket.state, ticket.until, ticket.body = state, now + self._limits.cooldown_s, b""
        if ticket in self.running:
            self.running.remove(ticket)
        self.recent.appendleft(ticket)
        self._known = {key: one for key, one in self._known.items() if one.until is None or one.until > now}

    def close(self) -> None:
        """Take no more; what came before may still be folded."""
        self.is_closed = True

    def abandon(self) -> int:
        """End whatever waits, and return how many that were."""
        count = 0
        while not self._waiting.empty():
            self.ended(self._waiting.get_nowait(), "abandoned")
            count += 1
        return count
