"""Propose the commands that put a variable right, by what is wrong with it; the value is typed by a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.variables.commands import VariableCommands

__all__ = ["EnvCommands"]


@dataclass(frozen=True)
class EnvCommands(VariableCommands):
    """Commands for one variable, as the checkout shows what it lacks."""

    needs: ClassVar[str] = "code"
