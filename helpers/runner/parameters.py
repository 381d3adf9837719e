"""Strictly typed parameters: what is given must be what the notebook's literals say, and nothing is coerced in silence.

papermill warns about an unknown name, turns `007` into 7 and injects `true` as text. Here each is an error before a kernel starts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helpers.errors import ParameterError, near_misses
from helpers.redaction import redact
from helpers.runner.declared import Parameter

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["check_parameters", "parameter_model", "parse_assignments"]

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_WANTED = {
    "bool": "true or false", "int": "a whole number", "float": "a number", "str": "text", "list": 'a JSON list such as ["a", "b"]',
}  # fmt: skip


def parse_assignments(assignments: Sequence[str], declared: Sequence[Parameter]) -> dict[str, Any]:
    """Return name → value for `KEY=VALUE` texts, each read as its parameter's type.

    Raises:
        ParameterError: lists every unknown name (with the near misses), every ill-typed value, every repetition.

    """
    known = {p.name: p for p in declared}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            problems.append(f"{redact(assignment)!r} is not KEY=VALUE.")
        elif name not in known:
            problems.append(_unknown(name, known))
        elif name in values:
            problems.append(f"{name} is given twice.")
        else:
            try:
                values[name] = _read(known[name].type, text)
            except ValueError:
                problems.append(_ill_typed(known[name], text))
    _raise(problems)
    return values


def check_parameters(values: Mapping[str, Any], declared: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values, checked strictly against the notebook's types (an int is fine where a float is wanted).

    Raises:
        ParameterError: lists every unknown name and every ill-typed value.

    """
    from pydantic import ValidationError

    known = {p.name: p for p in declared}
    problems = [_unknown(str(name), known) for name in values if name not in known]
    given = {name: value for name, value in values.items() if name in known}
    try:
        checked = parameter_model(declared).model_validate(given).model_dump(include=set(given))
    except ValidationError as error:
        wrong = dict.fromkeys(str(e["loc"][0]) for e in error.errors())
        problems += [_ill_typed(known[name], given[name]) for name in wrong]
        checked = {}
    problems += [f"{name} must be finite." for name, value in checked.items() if isinstance(value, float) and not math.isfinite(value)]
    _raise(problems)
    return checked


def parameter_model(declared: Sequence[Parameter]) -> type[BaseModel]:
    """Return a strict pydantic model of the parameters, with the notebook's defaults and descriptions."""
    from pydantic import ConfigDict, Field, create_model

    types: dict[str, Any] = {"bool": bool, "int": int, "float": float, "str": str, "list": list[Any]}
    types |= {"list[bool]": list[bool], "list[int]": list[int], "list[float]": list[float], "list[str]": list[str]}
    fields: dict[str, Any] = {}
    for p in declared:
        base, optional, _ = p.type.partition(" | ")
        fields[p.name] = (types[base] | None if optional else types[base], Field(default=p.default, description=p.description))
    model: type[BaseModel] = create_model(
        "Parameters", __config__=ConfigDict(strict=True, extra="forbid", protected_namespaces=()), **fields
    )
    return model


def _read(kind: str, text: str) -> Any:
    base, optional, _ = kind.partition(" | ")
    if optional and text.strip().lower() in ("none", "null"):
        return None
    if base.startswith("list"):
        return _read_list(base, text)
    return _READERS[base](text)


def _read_bool(text: str) -> bool:
    if text.strip().lower() not in _WORDS:
        raise ValueError
    return _WORDS[text.strip().lower()]


def _read_int(text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", text):
        raise ValueError
    return int(text)


def _read_float(text: str) -> float:
    if "_" in text or not math.isfinite(float(text)):
        raise ValueError
    return float(text)


def _read_list(kind: str, text: str) -> list[Any]:
    value = json.loads(text)
    if not isinstance(value, list):
        raise ValueError
    item = kind.removeprefix("list").strip("[]")
    good = {"": (object,), "bool": (bool,), "int": (int,), "float": (int, float), "str": (str,)}[item]
    if any(not isinstance(v, good) or (isinstance(v, bool) and item in ("int", "float")) for v in value):
        raise ValueError
    return value


_READERS: dict[str, Callable[[str], Any]] = {"bool": _read_bool, "int": _read_int, "float": _read_float, "str": str}


def _unknown(name: str, known: Mapping[str, Parameter]) -> str:
    names = list(known)
    return f"There is no parameter {name}. {near_misses(name, names)} Known: {', '.join(names)}.".replace("  ", " ")


def _ill_typed(parameter: Parameter, value: object) -> str:
    base = parameter.type.partition(" | ")[0]
    wanted = _WANTED.get(base) or f"a JSON list of {base[5:-1]}"
    said = redact(f"{parameter.name}={value!r}").partition("=")[2][:80]
    default = redact(f"{parameter.name}={parameter.default!r}").partition("=")[2][:80]
    return f"{parameter.name} must be {wanted} ({parameter.type}), not {said}; its default is {default}."


def _raise(problems: list[str]) -> None:
    if problems:
        raise ParameterError("\n".join(problems))
