"""What the receiver takes at most, each in one place."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.alerts.bounded import MOST_BYTES

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one receiver, in bytes and seconds.

    `bodies` are read at once at most, `queue` alerts wait at most, `workers` triages run at once. `window_s` is how far a signature's time may
    be off (five minutes, as Slack's and Stripe's signatures have it), `cooldown_s` how long an alert that was looked into is not again: shorter
    than the time after which senders repeat themselves (Alertmanager: four hours). `triage_s` ends a triage, `grace_s` the wait for it at the end.
    """

    most_bytes: int = MOST_BYTES
    body_s: float = 10.0
    bodies: int = 64
    queue: int = 50
    workers: int = 1
    window_s: float = 300.0
    remembered: int = 20_000
    cooldown_s: float = 900.0
    triage_s: float = 120.0
    grace_s: float = 30.0
    recent: int = 50
