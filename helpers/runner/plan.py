"""A batch plan, read and checked whole before anything starts; every mistake is told at once, with its line.

name: nightly
defaults: {profile: staging, parameters: {slo_p95_ms: 200}}
runs:
  - {runbook: missing_index, parameters: {endpoint: GET /orders}}
matrix: {runbook: [lock_contention], profile: [staging, production], rows: {csv: targets.csv}}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from helpers.errors import PlanError, UsageError
from helpers.redaction import redact
from helpers.runner.batches.matrix import Placed, expand
from helpers.runner.batches.profiles import Profiles
from helpers.runner.batches.schema import Job, Limits, Retries, Shared, Written, complaint
from helpers.runner.batches.servers import Burden, burden_of, capacities
from helpers.runner.batches.sources import Notebook, read_notebook
from helpers.runner.lines import Lines, read_yaml
from helpers.runner.prepare import settle

__all__ = ["Job", "Plan", "load_plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan; `hash` changes when a run of it does.

    `runbooks` is the hash of each notebook's cells, `burdens` what each run asks of which server, `bears` what those bear at a time.
    """

    name: str
    jobs: list[Job]
    limits: Limits = field(default_factory=Limits)
    retries: Retries = field(default_factory=Retries)
    runbooks: dict[str, str] = field(default_factory=dict)
    burdens: dict[str, Burden] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 of the runs, the order included."""
        return hashlib.sha256(json.dumps([asdict(job) for job in self.jobs], sort_keys=True).encode()).hexdigest()

    @property
    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of each run by its name."""
        return {job.name: hashlib.sha256(json.dumps(asdict(job), sort_keys=True).encode()).hexdigest() for job in self.jobs}

    @property
    def bears(self) -> Burden:
        """What each server bears at a time."""
        return capacities(list(self.burdens.values()), self.limits)


async def load_plan(path: Path, *, here: bool = True) -> Plan:
    """Return the plan at `path`, every run of it checked: runbook, parameters, profile, name.

    Args:
        path: The YAML file; files of rows are looked for beside it.
        here: Whether the runs will run on this machine: then every reference of their profiles must resolve here.

    Raises:
        PlanError: `problems` lists every mistake as `FILE:LINE: where: what`.

    """
    written, lines = _read(path)
    problems: list[str] = []
    runs = await _runs(written, lines, path.parent, problems)
    if not runs and not problems:
        problems.append(lines.at((), "The plan has no runs."))
    checking = _Checking(written, lines, Profiles(here=here), problems)
    # A name goes into the journal, where it has to be found again: it is redacted here, once every profile's secrets are known.
    jobs = [replace(job, name=redact(job.name)) for job in [await checking.job(placed) for placed in runs]]
    problems += _unused(written.defaults, jobs, lines) + _repeated(runs, jobs, lines)
    if problems:
        raise PlanError(list(dict.fromkeys(problems)), remedy="Nothing was started.")
    hashes = {name: notebook.hash for name, notebook in checking.notebooks.items()}
    burdens = {redact(name): burden for name, burden in checking.burdens.items()}
    return Plan(written.name, jobs, written.limits, written.retries, hashes, burdens)


def _read(path: Path) -> tuple[Written, Lines]:
    data, lines = read_yaml(path)
    if isinstance(data, dict) and isinstance(data.get("matrix"), dict):
        data["matrix"] = [data["matrix"]]  # one matrix need not be a list
        lines.alone.add("matrix")
    try:
        return Written.model_validate(data), lines
    except ValidationError as error:
        raise PlanError([lines.at(tuple(e["loc"]), complaint(e)) for e in error.errors()]) from None


async def _runs(written: Written, lines: Lines, folder: Path, problems: list[str]) -> list[Placed]:
    runs = [Placed(("runs", index), run) for index, run in enumerate(written.runs)]
    for index, matrix in enumerate(written.matrix):
        runs += await expand(matrix, ("matrix", index), lines, folder, written.defaults.profile, problems)
    return runs


class _Checking:
    """Every run, one after the other; what is wrong with one is appended to `problems`."""

    def __init__(self, written: Written, lines: Lines, profiles: Profiles, problems: list[str]) -> None:
        self.written, self.lines, self.profiles, self.problems = written, lines, profiles, problems
        self.notebooks: dict[str, Notebook] = {}
        self.burdens: dict[str, Burden] = {}

    async def job(self, placed: Placed) -> Job:
        """Return one run with the defaults filled in."""
        run, defaults = placed.run, self.written.defaults
        profile, apply = run.profile or defaults.profile, defaults.apply if run.apply is None else run.apply
        try:
            names = {p.name for p in settle(run.runbook, {}, profile=None, apply=False, confirm="").info.parameters}
            parameters = {k: v for k, v in defaults.parameters.items() if k in names} | run.parameters
            profile = profile if "profile" in names else None
            settled = settle(run.runbook, parameters, profile=profile, apply=apply, confirm=run.confirm)
        except UsageError as error:
            self.problems += [self._said(placed, f"{run.runbook}: {line}") for line in str(error).splitlines()]
            await self._profile(placed, profile)
            return Job(run.name or _plain_name(run.runbook, profile), run.runbook, profile, run.parameters, apply, run.confirm)
        job = Job(run.name or _plain_name(run.runbook, profile), run.runbook, profile, parameters, apply, run.confirm)
        self.notebooks.setdefault(job.runbook, read_notebook(settled.info.path))
        await self._profile(placed, profile)
        loaded = await self.profiles.loaded(settled.profile)
        code = self.notebooks[job.runbook].code
        self.burdens[job.name] = burden_of(loaded, code, self.written.limits, resolve=self.profiles.here)
        return job

    async def _profile(self, placed: Placed, profile: str | None) -> None:
        if said := await self.profiles.complaint(profile):
            self.problems.append(self._said(placed, said))

    def _said(self, placed: Placed, what: str) -> str:
        return f"{placed.at}{what}" if placed.at else self.lines.at(placed.where, what)


def _plain_name(runbook: str, profile: str | None) -> str:
    stem = Path(runbook).stem
    return f"{stem}-{profile}" if profile else stem


def _unused(defaults: Shared, jobs: Sequence[Job], lines: Lines) -> list[str]:
    used = {name for job in jobs for name in job.parameters}
    wrong = [name for name in defaults.parameters if name not in used]
    return [lines.at(("defaults", "parameters", name), f"no runbook of this plan has the parameter {name}.") for name in wrong]


def _repeated(runs: list[Placed], jobs: list[Job], lines: Lines) -> list[str]:
    first: dict[str, Placed] = {}
    problems = []
    for placed, job in zip(runs, jobs, strict=True):
        if job.name in first:
            said = f"the name {job.name} is taken by {lines.path(first[job.name].where)}; give each run a `name`."
            problems.append(f"{placed.at}{said}" if placed.at else lines.at(placed.where, said))
        first.setdefault(job.name, placed)
    return problems
