"""Who sent it: a token, or a signature of the raw body by whichever scheme the sender has; compared in constant time. Pure.

Source: Grafana documentation, webhook notifier, HMAC signature (`time:body` where a header for the time is configured); Sentry documentation,
Integration Platform, Webhooks (Sentry-Hook-Signature); RFC 6750 for bearer tokens; Stripe's form `t=…,v1=…` for senders of one's own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers.serve.refusal import Refusal

__all__ = ["GRAFANA_TIME", "Keys", "Proof", "is_bearer", "may_read", "may_speak", "proof_of"]

GRAFANA, GRAFANA_TIME = "x-grafana-alerting-signature", "x-grafana-alerting-timestamp"
SENTRY, OWN = "sentry-hook-signature", "x-runbook-signature"


@dataclass(frozen=True, slots=True)
class Keys:
    """What senders prove themselves with; with neither, whoever reaches the port is believed."""

    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @property
    def is_open(self) -> bool:
        """Whether nothing is asked for."""
        return not self.token and not self.secret


@dataclass(frozen=True, slots=True)
class Proof:
    """The scheme, and `once`: the signature when its time is signed too, so that it is good for one use; empty otherwise."""

    scheme: str
    once: str = ""


def is_bearer(headers: Mapping[str, str], keys: Keys) -> bool:
    """Return whether the request carries the token."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    return bool(keys.token) and kind.lower() == "bearer" and _same(given.strip(), keys.token)


def may_speak(headers: Mapping[str, str], keys: Keys) -> bool:
    """Return whether there is anything that may prove the sender, before the body is read."""
    signed = bool(keys.secret) and any(name in headers for name in (GRAFANA, SENTRY, OWN))
    return keys.is_open or is_bearer(headers, keys) or signed


def proof_of(headers: Mapping[str, str], body: bytes, keys: Keys, *, now: float, window_s: float) -> Proof:
    """Return what proves the sender of this body.

    Args:
        headers: The request's, their names in lower case.
        body: As it was sent.
        keys: What is accepted.
        now: Seconds since the epoch.
        window_s: How far a signed time may be off.

    Raises:
        Refusal: 401, nothing does.

    """
    if keys.is_open:
        return Proof("none")
    if is_bearer(headers, keys):
        return Proof("bearer")
    if keys.secret and OWN in headers:
        parts = dict(part.strip().partition("=")[::2] for part in headers[OWN].split(","))
        return _timed("runbook", parts.get("t", ""), b".", body, parts.get("v1", ""), keys.secret, now, window_s)
    if keys.secret and GRAFANA in headers and GRAFANA_TIME in headers:
        return _timed("grafana", headers[GRAFANA_TIME], b":", body, headers[GRAFANA], keys.secret, now, window_s)
    for scheme, name in (("grafana", GRAFANA), ("sentry", SENTRY)):
        if keys.secret and name in headers and _same(headers[name], _signature(keys.secret, body)):
            return Proof(scheme)
    raise Refusal(401, "unsigned", "neither the token nor a signature of the body is right")


def may_read(headers: Mapping[str, str], keys: Keys, *, now: float, window_s: float) -> bool:
    """Return whether a request without a body may see the status: the token, or a signature with its time."""
    try:
        return proof_of({k: v for k, v in headers.items() if k not in (GRAFANA, SENTRY)}, b"", keys, now=now, window_s=window_s) is not None
    except Refusal:
        return False


def _timed(scheme: str, at: str, joint: bytes, body: bytes, given: str, secret: str, now: float, window_s: float) -> Proof:
    wanted = _signature(secret, at.encode("utf-8", "replace") + joint + body)
    if not _same(given, wanted):
        raise Refusal(401, "unsigned", "the signature is not that of time and body")
    if not (at.isascii() and at.isdigit() and len(at) <= 12 and abs(now - int(at)) <= window_s):
        raise Refusal(401, "stale", f"its time is more than {window_s:g} s off")
    return Proof(scheme, once=wanted)


def _signature(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
