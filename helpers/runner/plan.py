"""A batch plan, read and checked whole before anything starts; every mistake is told at once, with its line.

name: nightly
defaults: {profile: staging, parameters: {slo_p95_ms: 200}}
runs:
  - {runbook: missing_index, parameters: {endpoint: GET /orders}}
matrix: {runbook: [lock_contention], profile: [staging, production]}
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.errors import PlanError, RunbookError, UsageError, near_misses
from helpers.runner.lines import Lines, read_yaml
from helpers.runner.prepare import settle

__all__ = ["Job", "Plan", "load_plan"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a batch: what an executor needs to know, all of it JSON."""

    name: str
    runbook: str
    profile: str | None
    parameters: dict[str, Any]
    apply: bool
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan; `hash` changes when a run of it does."""

    name: str
    jobs: list[Job]

    @property
    def hash(self) -> str:
        """SHA-256 of the runs, the order included."""
        return hashlib.sha256(json.dumps([asdict(job) for job in self.jobs], sort_keys=True).encode()).hexdigest()


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Shared(_Model):
    profile: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    apply: bool = False


class _Run(_Model):
    runbook: str
    name: str | None = Field(default=None, min_length=1, max_length=100)
    profile: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    apply: bool | None = None
    confirm: str = ""


class _Matrix(_Model):
    runbook: list[str] = Field(min_length=1)
    profile: list[str] = Field(min_length=1)


class _Plan(_Model):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")
    defaults: _Shared = Field(default_factory=_Shared)
    runs: list[_Run] = Field(default_factory=list)
    matrix: _Matrix | None = None


async def load_plan(path: Path) -> Plan:
    """Return the plan at `path`, every run of it checked: runbook, parameters, profile, name.

    Raises:
        PlanError: `problems` lists every mistake as `FILE:LINE: where: what`.

    """
    data, lines = read_yaml(path)
    try:
        written = _Plan.model_validate(data)
    except ValidationError as error:
        found = [(tuple(e["loc"]), _said(e)) for e in error.errors()]
        raise PlanError([lines.at(where, what) for where, what in found]) from None
    runs = [(("runs", i), run) for i, run in enumerate(written.runs)]
    if written.matrix is not None:
        pairs = product(written.matrix.runbook, written.matrix.profile)
        runs += [(("matrix", i), _Run(runbook=r, profile=p, name=f"{r}-{p}")) for i, (r, p) in enumerate(pairs)]
    problems = [] if runs else [lines.at((), "The plan has no runs.")]
    jobs = [_job(where, run, written.defaults, lines, problems) for where, run in runs]
    problems += _unused(written.defaults, jobs, lines) + _repeated([where for where, _ in runs], jobs, lines)
    problems += await _profiles([where for where, _ in runs], jobs, lines)
    if problems:
        raise PlanError(list(dict.fromkeys(problems)), remedy="Nothing was started.")
    return Plan(written.name, jobs)


def _said(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        known = [name for model in (_Plan, _Shared, _Run, _Matrix) for name in model.model_fields]
        return f"there is no key {key}. {near_misses(key, sorted(set(known)))}".strip()
    return str(error["msg"])


def _job(where: tuple[str, int], run: _Run, defaults: _Shared, lines: Lines, problems: list[str]) -> Job:
    """Return one run with the defaults filled in; what is wrong with it is appended to `problems`."""
    profile = run.profile or defaults.profile
    apply = defaults.apply if run.apply is None else run.apply
    try:
        names = {p.name for p in settle(run.runbook, {}, profile=None, apply=False, confirm="").info.parameters}
        parameters = {k: v for k, v in defaults.parameters.items() if k in names} | run.parameters
        settle(run.runbook, parameters, profile=profile if "profile" in names else None, apply=apply, confirm=run.confirm)
    except UsageError as error:
        parameters = run.parameters
        names = {"profile"}
        problems += [lines.at(where, f"{run.runbook}: {line}") for line in str(error).splitlines()]
    profile = profile if "profile" in names else None
    return Job(run.name or _plain_name(run, profile), run.runbook, profile, parameters, apply, run.confirm)


def _plain_name(run: _Run, profile: str | None) -> str:
    stem = Path(run.runbook).stem
    return f"{stem}-{profile}" if profile else stem


def _unused(defaults: _Shared, jobs: list[Job], lines: Lines) -> list[str]:
    used = {name for job in jobs for name in job.parameters}
    wrong = [name for name in defaults.parameters if name not in used]
    return [lines.at(("defaults", "parameters", name), f"no runbook of this plan has the parameter {name}.") for name in wrong]


def _repeated(places: list[tuple[str, int]], jobs: list[Job], lines: Lines) -> list[str]:
    first: dict[str, tuple[str, int]] = {}
    problems = []
    for where, job in zip(places, jobs, strict=True):
        if job.name in first:
            said = f"the name {job.name} is taken by {_place(first[job.name])}; give each run a `name`."
            problems.append(lines.at(where, said))
        first.setdefault(job.name, where)
    return problems


def _place(where: tuple[str, int]) -> str:
    return f"{where[0]}[{where[1]}]"


async def _profiles(places: list[tuple[str, int]], jobs: list[Job], lines: Lines) -> list[str]:
    """Load every profile that only needs reading; one that would start something (`sandbox`) is taken by its name."""
    from importlib.metadata import entry_points

    provided = {entry.name for entry in entry_points(group="runbook.profiles")}
    said: dict[str, str] = {}
    problems = []
    for where, job in zip(places, jobs, strict=True):
        name = job.profile
        if name is None or name in provided:
            continue
        if name not in said:
            said[name] = await _cannot_load(name)
        if said[name]:
            problems.append(lines.at(where, said[name]))
    return problems


async def _cannot_load(name: str) -> str:
    """Return why the profile cannot be used, or an empty string."""
    from helpers.settings import load_profile

    try:
        profile = await load_profile(name)
        for system in profile.systems():
            profile.address(system)
    except RunbookError as error:
        return str(error)
    return ""
