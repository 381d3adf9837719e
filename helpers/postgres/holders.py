"""Who holds the connections under one limit: each application, what its sessions do, and what that makes of it (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.postgres.judging import age
from helpers.postgres.limits import ConnectionLimit
from helpers.postgres.sessions import IDLE, ClientSession, Look
from helpers.results import Diagnosis, Status

__all__ = ["HEADROOM_PCT", "Holding", "by_application", "fan_out", "leak"]

HEADROOM_PCT = 20.0  # twice the tenth below which check_postgres warns, so that the next peak does not fill it again
REPLACED_PCT = 20.0  # a pool keeps its sessions for minutes: who replaces a fifth of them within seconds has none
MOST_HOSTS_PCT = 30.0  # a client address for every three sessions: instances that scale out, each with a pool of its own


@dataclass(frozen=True, slots=True)
class Holding:
    """One application under one limit: its sessions now, those of them left idle, and how they changed since the first look."""

    application_name: str
    sessions: Sequence[ClientSession]
    left_idle: Sequence[ClientSession]
    came: int
    went: int

    @property
    def name(self) -> str:
        """The application's name for people."""
        return self.application_name or "no application_name"

    @property
    def hosts(self) -> list[str]:
        """The client addresses, the one with most sessions first."""
        return [host for host, _ in Counter(s.client_addr for s in self.sessions).most_common()]

    @property
    def replaced_pct(self) -> float:
        """Share of its sessions that others replaced since the first look, in per cent."""
        return 100.0 * min(self.came, self.went) / len(self.sessions)

    @property
    def scattered(self) -> bool:
        """Whether it comes from so many hosts that each holds a few sessions only."""
        return len(self.hosts) > 2 and 100.0 * len(self.hosts) >= MOST_HOSTS_PCT * len(self.sessions)

    def count(self, state: str) -> int:
        """Return how many of its sessions are in `state`."""
        return sum(s.state == state for s in self.sessions)

    def told(self) -> str:
        """Return it as a phrase: name, count, states, hosts."""
        states = ", ".join(f"{n} {state or 'state hidden'}" for state, n in Counter(s.state for s in self.sessions).most_common())
        return f"{self.name} {len(self.sessions)} ({states}; from {_hosts(len(self.hosts))})"


def _hosts(count: int) -> str:
    return f"{count} host{'' if count == 1 else 's'}"


def by_application(looks: Sequence[Look], limit: ConnectionLimit, longest_idle_s: float) -> list[Holding]:
    """Return the applications that hold connections under `limit`, the one with most first."""
    first, last = looks[0], looks[-1]
    then: dict[str, set[object]] = {}
    for session in _under(first, limit):
        then.setdefault(session.application_name, set()).add(session.key)
    now: dict[str, list[ClientSession]] = {}
    for session in _under(last, limit):
        now.setdefault(session.application_name, []).append(session)
    holders = []
    for name, sessions in now.items():
        before, after = then.get(name, set()), {s.key for s in sessions}
        left = [s for s in sessions if s.state in IDLE and s.in_state_s >= longest_idle_s]
        holders.append(Holding(name, sessions, left, came=len(after - before), went=len(before - after)))
    return sorted(holders, key=lambda h: -len(h.sessions))


def _under(look: Look, limit: ConnectionLimit) -> list[ClientSession]:
    by = {"role": lambda s: s.usename == limit.name, "database": lambda s: s.datname == limit.name}.get(limit.kind)
    return [s for s in look.sessions if by is None or by(s)]


def leak(holders: Sequence[Holding], limit: ConnectionLimit, *, longest_idle_s: float, headroom_pct: float) -> Diagnosis | None:
    """Return the application most of whose sessions are left idle, where ending those alone brings the headroom back; else None."""
    holder = max(holders, key=lambda h: len(h.left_idle))
    left, excess = holder.left_idle, limit.excess(headroom_pct)
    if 2 * len(left) < len(holder.sessions) or len(left) < max(excess, 1):
        return None
    grows = f", {holder.came} of them new within the looks" if holder.came else ""
    return Diagnosis(
        Status.PROBLEM, "connection_exhaustion", f"{holder.name} (leak)",
        f"{holder.name} holds {len(holder.sessions)} connections and leaves {len(left)} of them idle: {limit} are taken.",
        _to_end(holder, limit, longest_idle_s, headroom_pct),
        because=[
            f"{limit} are taken ({limit.pct:.0f} %), in every look.",
            f"{holder.told()}{grows}; from {', '.join(holder.hosts[:5])}.",
            f"{len(left)} have been idle for {age(longest_idle_s)} or more, {age(max(s.in_state_s for s in left))} the longest.",
            f"Without those, {limit.used - len(left)} would be taken.",
        ],
        against=[
            *(f"{h.told()}: not most of them left idle." for h in holders if h is not holder and len(h.sessions) >= excess),
            *([] if holder.came else ["No new one came within the looks: a pool of that size that has nothing to do looks the same."]),
        ],
        facts={"limit": str(limit), "left_idle": len(left), "came": holder.came, "went": holder.went},
        fix="end_idle_sessions",
    )  # fmt: skip


def fan_out(holders: Sequence[Holding], limit: ConnectionLimit, *, longest_idle_s: float, headroom_pct: float) -> Diagnosis | None:
    """Return the application that opens and closes sessions all the time or from very many hosts, and holds the excess; else None."""
    holder = holders[0]
    count, excess = len(holder.sessions), limit.excess(headroom_pct)
    if count < max(excess, 1) or not (holder.replaced_pct >= REPLACED_PCT or holder.scattered):
        return None
    idle_serves = holder.replaced_pct < REPLACED_PCT and len(holder.left_idle) >= excess
    return Diagnosis(
        Status.PROBLEM, "connection_exhaustion", f"{holder.name} (fan-out)",
        f"{holder.name} opens more connections than there are, {count} at this moment from {_hosts(len(holder.hosts))}: {limit} are taken.",
        _to_end(holder, limit, longest_idle_s, headroom_pct) if idle_serves else _to_limit(holder, holders, limit, headroom_pct),
        because=[
            f"{limit} are taken ({limit.pct:.0f} %), in every look.",
            f"{holder.told()}; within the looks {holder.came} came and {holder.went} went.",
            f"{len(holder.left_idle)} of them have been idle for {age(longest_idle_s)} or more.",
        ],
        against=[f"{h.told()} would also bring the headroom back." for h in holders[1:] if len(h.sessions) >= excess],
        facts={"limit": str(limit), "hosts": len(holder.hosts), "came": holder.came, "went": holder.went},
        fix="end_idle_sessions" if idle_serves else "limit_role_connections",
    )  # fmt: skip


def _to_end(holder: Holding, limit: ConnectionLimit, longest_idle_s: float, headroom_pct: float) -> dict[str, Any]:
    """What loses nothing first: sessions outside of a transaction; of those the longest idle. No more than the headroom asks for."""
    order = sorted((s for s in holder.left_idle if s.may_end), key=lambda s: (s.state != "idle", -s.in_state_s))
    return {
        "application_name": holder.application_name, "sessions": [s.target for s in order[: limit.excess(headroom_pct)]],
        "longest_idle_s": longest_idle_s, "limit_kind": limit.kind, "limit_name": limit.name, "headroom_pct": headroom_pct,
    }  # fmt: skip


def _to_limit(holder: Holding, holders: Sequence[Holding], limit: ConnectionLimit, headroom_pct: float) -> dict[str, Any]:
    role = Counter(s.usename for s in holder.sessions).most_common(1)[0][0]
    of_role = sum(s.usename == role for h in holders for s in h.sessions)
    # A role at its own limit leaves the others alone already: less would help nobody.
    return {"role": role, "connection_limit": limit.allowed if limit.kind == "role" else max(of_role - limit.excess(headroom_pct), 1)}
