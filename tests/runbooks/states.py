"""The states a server can be in for the matrix: each fault in each variant, healthy, and what only looks broken."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.runner.catalogue import find_runbooks
from helpers.sandbox.faults import faults, load_fault

AREA = "postgres"
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
}


@dataclass(frozen=True)
class State:
    """A fault in one variant; no fault is a healthy server."""

    fault: str = ""
    variant: str = "default"

    def __str__(self) -> str:
        if not self.fault:
            return "healthy"
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


def runbooks() -> list[str]:
    """Every runbook of the area, in the catalogue's order."""
    return [name for name, info in find_runbooks().items() if info.area == AREA]


def states() -> list[State]:
    """Every state, healthy first, faults before look-alikes."""
    found = [State(f["name"], v) for f in faults() if f["area"] == AREA for v in f["variants"]]
    return [State(), *sorted(found, key=lambda s: (not s.code, s.fault))]


def crossed() -> list[State]:
    """The states every runbook is run against: two variants of each fault, and all that is not broken."""
    count: dict[str, int] = {}
    chosen = []
    for state in states():
        count[state.fault] = count.get(state.fault, 0) + 1
        if not state.code or count[state.fault] <= VARIANTS:
            chosen.append(state)
    return chosen
