"""The states a server can be in for the matrix: each fault in each variant, healthy, and what only looks broken."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.runner.catalogue import find_runbooks
from helpers.sandbox.faults import faults, load_fault

AREAS = ("postgres", "redis", "api", "platform")
WHOLE = ("postgres", "redis", "api", "logs", "code")
VARIANTS = 2  # off the diagonal; on it every variant is tried

# The runbook most easily taken in by each fault (FAULTS: "confused with"); `make test` runs it beside the fault's own.
CONFUSED = {
    "missing_index": "stale_statistics",
    "lock_contention": "idle_in_transaction",
    "ddl_lock_queue": "lock_contention",
    "deadlocks": "lock_contention",
    "connection_exhaustion": "idle_in_transaction",
    "idle_in_transaction": "vacuum_blocked",
    "stale_statistics": "missing_index",
    "invalid_index": "missing_index",
    "unindexed_foreign_key": "missing_index",
    "vacuum_blocked": "idle_in_transaction",
    "schema_drift": "integer_overflow",
    "integer_overflow": "schema_drift",
    "pooler_prepared_statements": "connection_exhaustion",
    "memory_full": "eviction_churn",
    "eviction_churn": "memory_full",
    "missing_ttl": "stuck_rate_limit",
    "slow_command": "hot_key",
    "hot_key": "slow_command",
    "cache_stampede": "eviction_churn",
    "stale_cache": "missing_ttl",
    "sessions_lost": "eviction_churn",
    "stuck_rate_limit": "missing_ttl",
    "client_exhaustion": "memory_full",
    "persistence_or_replication": "memory_full",
    "event_loop_blocked": "thread_pool_exhausted",
    "thread_pool_exhausted": "event_loop_blocked",
    "connection_leak": "pool_saturated",
    "pool_saturated": "connection_leak",
    "n_plus_one": "event_loop_blocked",
    "unhandled_errors": "contract_drift",
    "contract_drift": "unhandled_errors",
    "slow_upstream": "event_loop_blocked",
    "missing_auth": "unhandled_errors",
    "partial_writes": "unhandled_errors",
    "deploy_regression": "function_timeout",
    "empty_errors": "function_timeout",
    "function_timeout": "function_crash",
    "stale_route": "shared_cache_leak",
    "shared_cache_leak": "unauthorised_route",
    "unauthorised_route": "shared_cache_leak",
    "lost_work": "empty_errors",
    "function_crash": "function_timeout",
    "env_drift": "function_crash",
}


@dataclass(frozen=True)
class State:
    """A fault in one variant; no fault is a healthy system of that area."""

    area: str
    fault: str = ""
    variant: str = "default"

    def __str__(self) -> str:
        if not self.fault:
            return "healthy" if self.area == AREAS[0] else f"healthy_{self.area}"
        return self.fault if self.variant == "default" else f"{self.fault}-{self.variant}"

    @property
    def code(self) -> str:
        """The failure mode a right diagnosis names; empty where nothing is broken."""
        return "" if not self.fault or load_fault(self.fault).lookalike else self.fault

    @property
    def resolvable(self) -> bool:
        """Whether its runbook can apply a fix, as against propose one."""
        fault = load_fault(self.fault)
        return fault.resolvable and self.variant not in fault.proposed

    @property
    def services(self) -> tuple[str, ...]:
        """What the sandbox starts for it; a healthy system is the whole application, under load."""
        if self.fault:
            return load_fault(self.fault).services or (self.area,)
        return ("postgres", "redis", "web" if self.area == "platform" else "api")

    @property
    def systems(self) -> tuple[str, ...]:
        """What the profile has for it: of the API all that there is, of a server that alone."""
        if self.area in ("api", "platform"):
            return (*WHOLE, "vercel") if "web" in self.services else WHOLE  # the platform is the web application's
        return tuple(name for name in self.services if name in AREAS) if self.fault else (self.area,)


def runbooks(area: str) -> list[str]:
    """Every runbook of the area, in the catalogue's order."""
    return [name for name, info in find_runbooks().items() if info.area == area]


def states(area: str = "") -> list[State]:
    """Every state, of one area or of all: healthy first, faults before look-alikes."""
    if not area:
        return [state for each in AREAS for state in states(each)]
    found = [State(area, f["name"], v) for f in faults() if f["area"] == area for v in f["variants"]]
    return [State(area), *sorted(found, key=lambda s: (not s.code, s.fault))]


def crossed(area: str) -> list[State]:
    """The states every runbook of the area is run against: two variants of each fault, and all that is not broken."""
    count: dict[str, int] = {}
    chosen = []
    for state in states(area):
        count[state.fault] = count.get(state.fault, 0) + 1
        if not state.code or count[state.fault] <= VARIANTS:
            chosen.append(state)
    return chosen
