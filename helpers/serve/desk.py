"""Take one notification or refuse it; no web framework in here."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.alerts import Alert, read_alert
from helpers.errors import AlertError
from helpers.serve.intake import Intake, Ticket
from helpers.serve.journal import note
from helpers.serve.limits import Limits
from helpers.serve.mapping import Routing
from helpers.serve.refusal import Refusal
from helpers.serve.seen import Seen
from helpers.serve.signing import Keys, Proof, may_speak, proof_of

__all__ = ["Answer", "Desk"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    content: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class Desk:
    """Who may come in, what came in, and how often what happened: every request is counted once under `received` and once under its end."""

    def __init__(self, keys: Keys, routing: Routing, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self.keys = keys
        self.limits = limits
        self.clock = clock
        self.intake = Intake(limits, clock)
        self.counts: Counter[str] = Counter()
        self._routing = routing
        self._seen: Seen[Ticket] = Seen(2 * limits.window_s, limits.remembered, clock)  # a time may be off to both sides
        self._reading = 0
        self._refusals: dict[str, tuple[float, int]] = {}

    async def receive(self, headers: Mapping[str, str], chunks: AsyncIterator[bytes]) -> Answer:
        """Return the answer to one notification: 202 with the ticket's id, or why it is not taken.

        Args:
            headers: Their names in lower case.
            chunks: The body as it comes; it is read no further than its bound, and not at all from who cannot be known.

        """
        self.counts["received"] += 1
        try:
            self._may_enter(headers)
            body = await self._read(chunks)
            proof = proof_of(headers, body, self.keys, now=self.clock(), window_s=self.limits.window_s)
            return self._taken(body, proof)
        except Refusal as refused:
            self.counts.update(["refused", f"refused_{refused.name}"])
            self._note(refused)
            return Answer(refused.status, {"refused": refused.name, "said": refused.said}, refused.headers)

    def _note(self, refused: Refusal) -> None:
        """Log a refusal of each kind once a second: whoever may not come in cannot fill the disk either."""
        now = self.clock()
        said_at, unsaid = self._refusals.get(refused.name, (now - 1.0, 0))
        if now - said_at < 1.0:
            self._refusals[refused.name] = (said_at, unsaid + 1)
            return
        self._refusals[refused.name] = (now, 0)
        note("refused", why=refused.name, status=refused.status, unsaid=unsaid or None)

    def _may_enter(self, headers: Mapping[str, str]) -> None:
        if not may_speak(headers, self.keys):
            raise Refusal(401, "unsigned", "neither a token nor a signature that is known here")
        if headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, "type", "send it as it is, not compressed")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "type", "send it as application/json")
        stated = headers.get("content-length", "0")
        if not (stated.isascii() and stated.isdigit() and len(stated) < 16 and int(stated) <= self.limits.most_bytes):
            raise Refusal(413, "large", f"at most {self.limits.most_bytes} bytes")
        if self._reading >= self.limits.bodies:
            raise Refusal(503, "busy", f"{self.limits.bodies} others are sending")

    async def _read(self, chunks: AsyncIterator[bytes]) -> bytes:
        body = bytearray()
        self._reading += 1
        try:
            async with asyncio.timeout(self.limits.body_s):
                async for chunk in chunks:
                    body += chunk
                    if len(body) > self.limits.most_bytes:
                        raise Refusal(413, "large", f"at most {self.limits.most_bytes} bytes")
        except TimeoutError:
            raise Refusal(408, "slow", f"the body was not there within {self.limits.body_s:g} s") from None
        finally:
            self._reading -= 1
        return bytes(body)

    def _taken(self, body: bytes, proof: Proof) -> Answer:
        digest = proof.once or hashlib.sha256(body).hexdigest()
        before = self._seen.get(digest)
        if before is not None and proof.once:
            raise Refusal(409, "replayed", "this very request was taken before")
        if before is not None:
            before.folded += 1
            return self._said("folded", before, proof)
        if proof.once and self._seen.is_full:
            raise Refusal(503, "busy", "more came within the window than can be remembered")
        alert = _parsed(body)
        if not alert.firing:
            self.counts["resolved"] += 1
            note("resolved", source=alert.source, fingerprint=alert.fingerprint, scheme=proof.scheme)
            return Answer(202, {"status": "resolved", "said": "what is resolved is not looked into"})
        ticket = self.intake.offer(alert, body, self._routing.of(alert))
        if not self._seen.is_full:
            self._seen.add(digest, ticket)
        return self._said("folded" if ticket.folded else "accepted", ticket, proof)

    def _said(self, how: str, ticket: Ticket, proof: Proof) -> Answer:
        self.counts[how] += 1
        if how == "accepted":
            note(how, id=ticket.id, source=ticket.source, fingerprint=ticket.fingerprint, profile=ticket.profile, scheme=proof.scheme)
        return Answer(202, {"id": ticket.id, "status": "queued" if how == "accepted" else how, "folded": ticket.folded})

    def status(self) -> dict[str, Any]:
        """Return what waits, runs and ended, and the counts; nothing of any alert's text."""
        return {
            "queue": {"waiting": self.intake.waiting, "most": self.limits.queue},
            "running": [ticket.shown() for ticket in self.intake.running],
            "recent": [ticket.shown() for ticket in self.intake.recent],
            "counts": dict(sorted(self.counts.items())),
        }


def _parsed(body: bytes) -> Alert:
    try:
        return read_alert(body)
    except AlertError as wrong:
        raise Refusal(400, "invalid", f"{wrong.reason} {wrong.remedy}") from None
