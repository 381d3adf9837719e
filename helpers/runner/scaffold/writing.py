"""Write a plan's files: all of them, or none when one is there already."""

from __future__ import annotations

from helpers.errors import UsageError
from helpers.runner.scaffold.plan import Plan

__all__ = ["write"]


def write(plan: Plan, *, dry_run: bool = False) -> None:
    """Write every file of the plan; with `dry_run` only see whether that could be done.

    Raises:
        UsageError: a file is there already (nothing was written), or the folder cannot be written to.

    """
    there = [path for path in plan.files if (plan.root / path).exists()]
    if there:
        raise UsageError(f"{', '.join(there)} is there already: nothing was written.", remedy="Choose another name, or move it away.")
    for path, text in plan.files.items() if not dry_run else ():
        try:
            (plan.root / path).parent.mkdir(parents=True, exist_ok=True)
            with (plan.root / path).open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise UsageError(f"{path} could not be written: {error.strerror}.", remedy="What was written before it stays.") from None
