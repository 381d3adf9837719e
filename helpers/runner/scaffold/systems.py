"""What the files of a new failure mode say of the system it is diagnosed on, before a person says it better."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AREAS", "SYSTEMS", "System"]


@dataclass(frozen=True, slots=True)
class System:
    """One system of a profile: its folder in helpers/, its session's class, and a measurement to begin with.

    `word` is what checks call the session, `limit` the parameter the expectation is about; `look` the check that isolates; `address` what a test opens a session with.
    """

    folder: str
    session: str
    word: str
    limit: str
    limit_said: str
    probe: str
    expect: str
    look: str
    address: str = ""


_SLO = ("slo_p95_ms = 150.0", "what users may expect of the 95th percentile, in ms")
_REQUESTS = (*_SLO, 'logs.live_latency("", window_s)', "p95_ms < {slo_p95_ms:g}", "logs.routes_by_time")

SYSTEMS = {
    "postgres": System(
        "postgres", "Postgres", "pg", *_SLO, "postgres.worst_statement(window_s)", "p95_ms < {slo_p95_ms:g}",
        "postgres.statements_by_total_time, window_s=window_s",
    ),
    "redis": System(
        "redis", "Redis", "redis", "allowed_pct = 5.0", "which share of the time slow commands may hold the server, in %",
        "redis.held_by_slow_commands(window_s)", "p50_pct < {allowed_pct:g}", "redis.time_by_command, watch_s=window_s",
    ),
    "api": System("http", "Api", "api", *_REQUESTS),
    "logs": System("logs", "LogFiles", "logs", *_REQUESTS, address='Profile(name="test", logs=sandbox.profile["logs"])'),
    "code": System("git", "Checkout", "checkout", *_REQUESTS),
}  # fmt: skip

# An area's faults need these services of a sandbox; its runbooks are asked with these systems of a profile, the first by default.
AREAS = {
    "postgres": (("postgres",), ("postgres",)),
    "redis": (("redis",), ("redis",)),
    "api": (("postgres", "redis", "api"), ("api", "postgres", "redis", "logs", "code")),
    "platform": (("postgres", "redis", "web"), ("api", "postgres", "redis", "logs", "code")),
}
