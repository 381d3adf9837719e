"""Which Python files the application is made of."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.git.connect import Checkout
from helpers.results import CheckResult, Status

__all__ = ["PythonFile", "python_files"]


@dataclass(frozen=True, slots=True)
class PythonFile:
    """One file, by its path in the checkout."""

    file: str


async def python_files(checkout: Checkout) -> CheckResult[PythonFile]:
    """The Python files of the checkout, by path.

    Args:
        checkout: The checkout; what git ignores is left out.

    Returns:
        OK with the files; UNKNOWN when there are none.

    """
    files = [PythonFile(name) for name in await checkout.files()]
    if not files:
        return CheckResult(Status.UNKNOWN, reason="The checkout holds no Python.", remedy="Is it the right folder?")
    return CheckResult(Status.OK, files, f"{len(files)} Python files.")
