"""Look into one alert after the other, until told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from helpers.alerts import Alert, read_alert
from helpers.serve.intake import Intake, Ticket
from helpers.serve.journal import note
from helpers.serve.limits import Limits
from helpers.serve.triages import Outcome

__all__ = ["Pool"]

Run = Callable[[bytes, str], Awaitable[Outcome]]
Tell = Callable[[Alert, Ticket, Outcome], Awaitable[str]]


@dataclass
class Pool:
    """The workers, each with one triage at a time."""

    intake: Intake
    limits: Limits
    run: Run
    tell: Tell | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _busy: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Begin; a loop is running."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self.limits.workers)]

    async def stop(self) -> None:
        """Take nothing more; what runs may end within the grace, then it is ended; what waits is abandoned. Says so."""
        self.intake.close()
        abandoned = self.intake.abandon()
        note("ending", running=len(self._busy), abandoned=abandoned, grace_s=self.limits.grace_s)
        busy = set(self._busy)
        for task in set(self._tasks) - busy:
            task.cancel()
        _, late = await asyncio.wait(busy, timeout=self.limits.grace_s) if busy else (set(), set())
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        note("ended", finished=len(busy) - len(late), cut_short=len(late), abandoned=abandoned)

    async def _work(self) -> None:
        me = asyncio.current_task()
        while me is not None and not self.intake.is_closed:
            ticket = await self.intake.take()
            self._busy.add(me)
            try:
                self.intake.ended(ticket, await self._kept_from_breaking(ticket))
            except asyncio.CancelledError:
                self.intake.ended(ticket, "cut_short")
                raise
            finally:
                self._busy.discard(me)
                note("triaged", **ticket.shown())

    async def _kept_from_breaking(self, ticket: Ticket) -> str:
        try:
            return await self._look_into(ticket)
        except Exception as error:  # one that breaks must not end the others
            note("broke", id=ticket.id, error=type(error).__name__)
            return "failed"

    async def _look_into(self, ticket: Ticket) -> str:
        body = ticket.body
        note("begins", id=ticket.id, profile=ticket.profile)
        outcome = await self.run(body, ticket.profile)
        ticket.incident, ticket.exit_code, ticket.took_s = outcome.incident, outcome.exit_code, outcome.took_s
        if self.tell is not None:
            ticket.notified = await self.tell(read_alert(body), ticket, outcome)
        return outcome.state
