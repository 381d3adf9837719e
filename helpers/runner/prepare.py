"""Everything that can be wrong before a kernel starts is found here, and is a UsageError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.errors import ParameterError
from helpers.runner.catalogue import RunbookInfo, find_runbook
from helpers.runner.parameters import check_parameters

__all__ = ["Prepared", "prepare", "settle"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that may start: `values` are checked and given, `profile` is None when the notebook has none."""

    info: RunbookInfo
    values: dict[str, Any]
    profile: str | None
    apply: bool

    @property
    def slug(self) -> str:
        """The runbook's name as the incident's folder shows it."""
        return re.sub(r"[^a-z0-9_]+", "_", self.info.name.lower()).strip("_")[:41] or "notebook"


def settle(name_or_path: str | Path, parameters: Mapping[str, Any], *, profile: str | None, apply: bool, confirm: str) -> Prepared:
    """Return the run with every parameter checked; nothing is asked of anyone.

    Raises:
        UsageError: no such runbook or no parameters cell.
        ParameterError: unknown or ill-typed parameters, all of them.

    """
    info = find_runbook(name_or_path)
    declared = info.parameters
    names = {p.name for p in declared}
    values = dict(parameters)
    for name, value in (("profile", profile), ("apply", apply or None), ("confirm", confirm or None)):
        if value is None:
            continue
        if name not in names:
            raise ParameterError(f"{info.name} has no parameter {name}: {_WITHOUT[name]}")
        if name in values and values[name] != value:
            raise ParameterError(f"{name} is given twice, as {values[name]!r} and as {value!r}.")
        values[name] = value
    checked = check_parameters(values, declared)
    defaults = {p.name: p.default for p in declared}
    effective = {**defaults, **checked}
    return Prepared(info, checked, effective.get("profile"), bool(effective.get("apply", False)))


_WITHOUT = {
    "profile": "it asks no system.",
    "apply": "it changes nothing, so there is nothing to apply.",
    "confirm": "it changes nothing, so there is nothing to confirm.",
}


async def prepare(name_or_path: str | Path, parameters: Mapping[str, Any], *, profile: str | None, apply: bool, confirm: str) -> Prepared:
    """As `settle`, and the profile is loaded: its references resolve, its secrets are known to this process.

    Raises:
        ProfileError: no such profile, or a reference in it points at nothing.

    """
    prepared = settle(name_or_path, parameters, profile=profile, apply=apply, confirm=confirm)
    if prepared.profile is not None:
        from helpers.settings import load_profile

        loaded = await load_profile(prepared.profile)
        for system in loaded.systems():
            loaded.address(system)
    return prepared
