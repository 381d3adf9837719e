"""Names that a failure mode may have, and where the files of it go: said before anything is written."""

from __future__ import annotations

import builtins
import keyword
import sys
from pathlib import Path

from helpers.errors import UsageError, near_misses
from helpers.folder import stems
from helpers.runner.catalogue import find_runbooks
from helpers.runner.rules.own_name import NAME
from helpers.runner.scaffold.systems import AREAS, SYSTEMS

__all__ = ["MARK", "area_and_name", "checkout", "free", "system_of", "title_of"]

MARK = "TO WRITE"

_TAKEN = {
    "judge",
    "seen",
    "asked",
    "fault",
    "addresses",
    "diagnosis",
    "status",
    "profile",
    "usage_error",
    "triage",
}  # words that the files themselves use


def checkout() -> Path | None:
    """Return the root of the checkout of this project that the working folder is in, None outside one."""
    places = (Path.cwd(), *Path.cwd().parents)
    return next((p for p in places if (p / "helpers/sandbox/faults").is_dir() and (p / "tests/contracts").is_dir()), None)


def title_of(name: str) -> str:
    """Return a title to begin with: `Slow disk`."""
    return name.replace("_", " ").capitalize()


def area_and_name(text: str, root: Path | None) -> tuple[str, str]:
    """Return the two parts of AREA/NAME.

    Raises:
        UsageError: it is not of that form, the name cannot be one in Python, or a checkout has no such area.

    """
    area, slash, name = text.partition("/")
    if not slash or not NAME.fullmatch(name) or not NAME.fullmatch(area):
        raise UsageError(f"{text!r} is not AREA/NAME.", remedy="Two names in snake_case of at most 41 characters: postgres/missing_index.")
    if keyword.iskeyword(name) or hasattr(builtins, name) or name in sys.stdlib_module_names or name in _TAKEN:
        raise UsageError(f"{name} means something else in Python, or in these files.", remedy=f"Say more: {name}_lost, slow_{name}.")
    areas = sorted(AREAS)
    if root and area not in areas:
        raise UsageError(f"There is no area {area}.", remedy=f"{near_misses(area, areas)} Known: {', '.join(areas)}.".strip())
    return area, name


def system_of(area: str, given: str) -> str:
    """Return the system whose evidence decides: the one given, else the area's own. Raises UsageError where neither is one."""
    system = given or (AREAS[area][1][0] if area in AREAS else "")
    if system not in SYSTEMS:
        known = ", ".join(SYSTEMS)
        said = f"There is no system {system}." if system else f"The area {area} has no system of its own."
        raise UsageError(said, remedy=f"{near_misses(system, list(SYSTEMS))} Give --system, one of {known}.".strip())
    return system


def free(name: str, folder: str, root: Path | None) -> None:
    """Raise UsageError when a runbook, a fault, or something of the system's folder has the name already."""
    runbooks, taken = _runbooks(root), ""
    if name in runbooks:
        taken = f"the runbook {runbooks[name]}"
    elif root:
        here = root / "helpers" / folder
        room = stems(str(here / "__init__.py"), ("checks", "fixes", "probes")).get(name)
        files = [*(root / "helpers/sandbox/faults").glob(f"*/{name}.py"), *here.glob(f"{name}.py"), *here.glob(name)]
        taken = f"helpers/{folder}/{room}/{name}.py" if room else "".join(str(path.relative_to(root)) for path in files[:1])
    if taken:
        raise UsageError(
            f"{name} is taken: {taken}.", remedy=f"One name is one failure mode: say what is different. To begin from it: --from {name}."
        )


def _runbooks(root: Path | None) -> dict[str, str]:
    if root:
        return {path.stem: str(path.relative_to(root)) for path in (root / "runbooks").rglob("*.ipynb")}
    return {name: f"{info.area}/{name}" for name, info in find_runbooks().items()}
