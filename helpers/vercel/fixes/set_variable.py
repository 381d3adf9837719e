"""Propose the commands that put a variable of the platform right, where the code is not known; the value is typed by a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.variables.commands import VariableCommands

__all__ = ["SetVariable"]


@dataclass(frozen=True)
class SetVariable(VariableCommands):
    """Commands for one variable, as the platform shows what is wrong."""

    needs: ClassVar[str] = "vercel"
