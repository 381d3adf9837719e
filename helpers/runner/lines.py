"""YAML with line numbers: a problem in a plan names the line it is on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.errors import PlanError

__all__ = ["Lines", "Where", "read_yaml"]

Where = tuple[Any, ...]


@dataclass
class Lines:
    """Where each value of a YAML file stands; `alone` are the keys whose list of one was written without being a list."""

    file: str
    known: dict[Where, int] = field(default_factory=dict)
    alone: set[str] = field(default_factory=set)

    def at(self, where: Where, what: str) -> str:
        """Return `FILE:LINE: path: what`; the line is that of the nearest enclosing value known."""
        near = where = self._written(where)
        while near and near not in self.known:
            near = near[:-1]
        path = self.path(where)
        return f"{self.file}:{self.known.get(near, 1)}: {path + ': ' if path else ''}{what}"

    def path(self, where: Where) -> str:
        """Return the place as a person would write it: `runs[1].parameters`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self._written(where)).lstrip(".")

    def _written(self, where: Where) -> Where:
        if len(where) > 1 and where[0] in self.alone and where[1] == 0 and (*where[:1], 0) not in self.known:
            return (where[0], *where[2:])
        return where


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """Return the plain values of a YAML file (no tags, nothing constructed) and where they stand.

    Raises:
        PlanError: it cannot be read, is not YAML, or gives a key twice.

    """
    lines = Lines(path.name)
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError([f"{path} cannot be read: {error}"]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise PlanError([f"{path.name}:{mark.line + 1 if mark else 1}: not YAML: {getattr(error, 'problem', None) or error}"]) from None
    repeated: list[str] = []
    _walk(node, (), lines, repeated)
    if repeated:
        raise PlanError(repeated)
    return data, lines


def _walk(node: Any, where: Where, lines: Lines, repeated: list[str]) -> None:
    if node is None:
        return
    lines.known.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*where, index), lines, repeated)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*where, key.value)
            if inner in lines.known:
                repeated.append(f"{lines.file}:{key.start_mark.line + 1}: {key.value} is given twice.")
            lines.known[inner] = key.start_mark.line + 1
            _walk(value, inner, lines, repeated)
