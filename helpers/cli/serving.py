"""Put the receiver together from what the command line says; whatever is wrong is said before it listens."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import UsageError
from helpers.serve import Limits
from helpers.serve.desk import Desk
from helpers.serve.journal import note
from helpers.serve.mapping import read_map
from helpers.serve.notify import Notifier
from helpers.serve.signing import Keys
from helpers.serve.triages import TriageRun
from helpers.serve.worker import Pool
from helpers.settings import resolve

__all__ = ["Settings", "serve_until_ended"]

SHORTEST = 16  # characters: what is shorter can be guessed


@dataclass(frozen=True, slots=True)
class Settings:
    """The options as they were written."""

    profile: str
    label_map: Path | None
    token: str
    secret: str
    insecure: bool
    host: str
    port: int
    notify: str
    link_base: str
    out: Path
    budget_s: float


def serve_until_ended(settings: Settings, limits: Limits) -> None:
    """Listen until SIGTERM or Ctrl-C.

    Raises:
        UsageError: a secret is missing, not a reference or too short; no profile; fastapi or uvicorn are not installed.

    """
    keys = _keys(settings)
    routing = read_map(settings.label_map, settings.profile)
    notifier = Notifier(_secret(settings.notify, "--notify", shortest=8), settings.link_base) if settings.notify else None
    try:
        from helpers.serve.running import serve
    except ImportError:
        raise UsageError("A receiver needs fastapi and uvicorn.", remedy="pip install 'backend-runbooks[serve]'") from None
    desk = Desk(keys, routing, limits)
    given = (settings.token, settings.secret, settings.notify)
    without = frozenset(name.removeprefix("env:") for name in given if name.startswith("env:"))
    run = TriageRun(settings.out, settings.budget_s, limits.triage_s, without)
    pool = Pool(desk.intake, limits, run.run, notifier.tell if notifier else None)
    believed = [name for name, value in (("bearer", keys.token), ("signature", keys.secret)) if value] or ["anybody"]
    note("listens", host=settings.host, port=settings.port, profile=settings.profile, believes=believed)
    serve(desk, pool, host=settings.host, port=settings.port)


def _keys(settings: Settings) -> Keys:
    keys = Keys(_secret(settings.token, "--token"), _secret(settings.secret, "--secret"))
    if keys.is_open and not settings.insecure:
        raise UsageError(
            "Nothing says who may send alerts.",
            remedy="Write --token env:NAME or --secret env:NAME; --insecure believes anybody, on a loopback address.",
        )
    if keys.is_open and not _is_loopback(settings.host):
        raise UsageError(
            f"--insecure on {settings.host} would believe the network.", remedy="Listen on 127.0.0.1, or give --token or --secret."
        )
    return keys


def _secret(reference: str, option: str, shortest: int = SHORTEST) -> str:
    if not reference:
        return ""
    if not reference.startswith(("env:", "file:")):
        raise UsageError(f"{option} is given by reference.", remedy=f"Write {option} env:NAME or file:PATH.")
    value = resolve(reference, where=option)
    if len(value) < shortest:
        raise UsageError(f"What {option} refers to has fewer than {shortest} characters.", remedy="openssl rand -hex 32 makes a good one.")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
