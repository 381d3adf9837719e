"""Where batches are kept: one folder each, found again by the plan's name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from helpers.errors import PlanError, UsageError
from helpers.redaction import redact, redact_value
from helpers.runner.journal import JOURNAL, Past, read_journal
from helpers.runner.plan import Plan

__all__ = ["batches_of", "new_folder", "newest", "past_of"]

SAME_SECOND = 1000


def new_folder(out: Path, name: str) -> Path:
    """Make and return `out/<YYYYMMDDTHHMMSSZ>-<name>`. Raises UsageError when it cannot be made."""
    base = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}"
    for number in range(1, SAME_SECOND):
        folder = out / (base if number == 1 else f"{base}.{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(f"{out} cannot hold batches: {error.strerror}.", remedy="Choose another folder with --out.") from error
        return folder.resolve()
    raise UsageError(f"{out} cannot hold another batch {base}.")


def batches_of(out: Path, name: str) -> list[Path]:
    """Return the folders of this plan's batches, the oldest first."""
    names = {name, *(f"{name}.{number}" for number in range(2, SAME_SECOND))}
    found = [path for path in out.glob("*Z-*") if path.name.partition("-")[2] in names and (path / JOURNAL).is_file()]
    return sorted((path.resolve() for path in found), key=lambda path: (path.name.partition("-")[0], len(path.name), path.name))


def newest(out: Path, name: str) -> Path:
    """Return the newest batch folder of this plan's name. Raises PlanError when there is none."""
    found = batches_of(out, name)
    if not found:
        raise PlanError([f"There is no batch {name} under {out} to resume."], remedy="Start it without --resume.")
    return found[-1]


def past_of(folder: Path, plan: Plan) -> Past:
    """Return what a batch's journal tells.

    Raises:
        PlanError: the runs or a runbook changed since it was started; says which.

    """
    past = read_journal(folder)
    changed = _changed(past, plan) if past.hash else []
    if changed:
        raise PlanError(
            [f"{what} since the batch {folder.name} was started." for what in changed],
            remedy="Put it back as it was to resume, or start a new batch without --resume.",
        )
    return past


def _changed(past: Past, plan: Plan) -> list[str]:
    # The journal is redacted, hashes too: a short password may be found in one. What was known then is known now.
    now, then, runbooks = redact_value(plan.fingerprints), past.fingerprints, redact_value(plan.runbooks)
    said = [f"The run {name} was added to the plan {plan.name}" for name in now if name not in then]
    said += [f"The run {name} was taken out of the plan {plan.name}" for name in then if name not in now]
    said += [f"The run {name} of the plan {plan.name} changed" for name in now if name in then and now[name] != then[name]]
    if not said and past.hash != redact(plan.hash):
        said = [f"The order of the runs of the plan {plan.name} changed"]
    return said + [f"The runbook {name} changed" for name, known in past.runbooks.items() if runbooks.get(name, known) != known]
