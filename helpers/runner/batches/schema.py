"""What may stand in a plan, and what a checked run of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpers.errors import near_misses
from helpers.runner.leash import CELL_S, RUN_S

__all__ = ["Job", "Limits", "Matrix", "Retries", "Run", "Shared", "Source", "Written", "complaint"]

BATCH_S = 24 * 3600.0  # a nightly batch that is not over by the next night is not wanted any more
CONNECTIONS = 20  # of PostgreSQL's default max_connections = 100: the batch leaves four fifths to the application
CONNECTIONS_A_RUN = 4  # what one run may hold at once: its session, a probe's, a watcher's, and the fix's writer


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a batch: what an executor needs to know, all of it JSON, and references instead of secrets."""

    name: str
    runbook: str
    profile: str | None
    parameters: dict[str, Any]
    apply: bool
    confirm: str = ""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Shared(_Model):
    """`defaults`: what a run has that does not say otherwise."""

    profile: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    apply: bool = False


class Run(_Model):
    """One of `runs`."""

    runbook: str
    name: str | None = Field(default=None, min_length=1, max_length=100)
    profile: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    apply: bool | None = None
    confirm: str = ""


class Source(_Model):
    """Where rows come from: one of a file beside the plan, and a SELECT on a profile's Postgres."""

    csv: str | None = None
    json_: str | None = Field(default=None, alias="json")
    ndjson: str | None = None
    sql: str | None = None
    profile: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Source:
        if sum(value is not None for value in (self.csv, self.json_, self.ndjson, self.sql)) != 1:
            raise ValueError("give exactly one of csv, json, ndjson and sql")
        if (self.sql is None) != (self.profile is None):
            raise ValueError("`sql` and `profile` belong together: the SELECT is asked of that profile's postgres")
        return self


class Matrix(_Model):
    """Every runbook on every profile with every row of parameters."""

    runbook: list[str] = Field(min_length=1)
    profile: list[str] | None = Field(default=None, min_length=1)
    parameters: dict[str, Any] = Field(default_factory=dict)
    rows: Any = None  # a list of mappings, or a Source; rows.py tells the two apart


class Limits(_Model):
    """Seconds for a cell, a run and the whole batch, and what one server bears at a time."""

    cell_s: float = Field(default=CELL_S, gt=0, strict=False)
    run_s: float = Field(default=RUN_S, gt=0, strict=False)
    batch_s: float = Field(default=BATCH_S, gt=0, strict=False)
    load_probes_per_api: int = Field(default=1, ge=1)
    connections_per_postgres: int = Field(default=CONNECTIONS, ge=1)
    connections_per_run: int = Field(default=CONNECTIONS_A_RUN, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> Limits:
        if self.connections_per_run > self.connections_per_postgres:
            raise ValueError("connections_per_run is more than connections_per_postgres: no run could start")
        return self


class Retries(_Model):
    """How often a run that ended `unreachable` is run again, after `wait_s`, doubled each time. No other verdict is tried again."""

    unreachable: int = Field(default=0, ge=0, le=20)
    wait_s: float = Field(default=30.0, ge=0, strict=False)


class Written(_Model):
    """A plan as it is written."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")
    defaults: Shared = Field(default_factory=Shared)
    limits: Limits = Field(default_factory=Limits)
    retries: Retries = Field(default_factory=Retries)
    runs: list[Run] = Field(default_factory=list)
    matrix: list[Matrix] = Field(default_factory=list)


_MODELS: dict[str, type[_Model]] = {"defaults": Shared, "limits": Limits, "retries": Retries, "runs": Run, "matrix": Matrix, "rows": Source}


def complaint(error: Any) -> str:
    """Return one of pydantic's errors as a sentence; an unknown key with the near misses among those that may stand there."""
    where = [part for part in error["loc"] if isinstance(part, str)]
    if error["type"] == "extra_forbidden":
        room = next((_MODELS[part] for part in reversed(where[:-1]) if part in _MODELS), Written)
        known = [field.alias or name for name, field in room.model_fields.items()]
        return f"there is no key {where[-1]}. {near_misses(where[-1], known) or 'Known: ' + ', '.join(known) + '.'}"
    return str(error["msg"]).removeprefix("Value error, ")
