"""An API's own description, read tolerantly: what is not as the standard says is left out, never followed elsewhere.

Source: OpenAPI Specification 3.1: paths, parameters, requestBody, components, security.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Operation", "operations_in"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEEPEST = 6
MOST_FIELDS = 500


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as described: its inputs by name (`body.items.sku`), those that must be given, and what it asks for (security schemes)."""

    route: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    security: tuple[str, ...]
    tags: tuple[str, ...]


def operations_in(text: bytes) -> list[Operation]:
    """Return the described routes, by path; none when the text is no OpenAPI document."""
    try:
        document = json.loads(text)
    except ValueError:
        return []
    paths = _mapping(_mapping(document).get("paths"))
    return [
        _operation(_mapping(document), f"{method.upper()} {path}", _mapping(item), _mapping(item[method]))
        for path, item in sorted(paths.items())
        for method in METHODS
        if method in _mapping(item)
    ]


def _operation(document: Mapping[str, Any], route: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> Operation:
    inputs = dict(_parameters(document, [*_list(item.get("parameters")), *_list(operation.get("parameters"))]))
    body = _resolved(document, operation.get("requestBody"))
    for media in _mapping(body.get("content")).values():
        inputs["body"] = bool(body.get("required"))
        inputs |= dict(_fields(document, _mapping(media).get("schema"), "body", 0))
        break
    demanded = operation.get("security", document.get("security"))
    # An empty object among them means that it may be asked without any.
    schemes = tuple(sorted({name for each in _list(demanded) for name in _mapping(each)})) if {} not in _list(demanded) else ()
    names = list(inputs)[:MOST_FIELDS]
    tags = tuple(str(tag) for tag in _list(operation.get("tags")))
    return Operation(route, tuple(n for n in names if inputs[n]), tuple(n for n in names if not inputs[n]), schemes, tags)


def _parameters(document: Mapping[str, Any], given: list[Any]) -> Iterator[tuple[str, bool]]:
    for one in given:
        parameter = _resolved(document, one)
        if isinstance(parameter.get("name"), str) and isinstance(parameter.get("in"), str):
            yield f"{parameter['in']}.{parameter['name']}", bool(parameter.get("required"))


def _fields(document: Mapping[str, Any], schema: Any, prefix: str, depth: int) -> Iterator[tuple[str, bool]]:
    if depth > DEEPEST:
        return
    known = _resolved(document, schema)
    for part in (*_list(known.get("allOf")), *(_list(known.get("anyOf"))[:1]), known.get("items")):
        if part is not None:
            yield from _fields(document, part, prefix, depth + 1)
    required = [name for name in _list(known.get("required")) if isinstance(name, str)]
    for name, inner in _mapping(known.get("properties")).items():
        yield f"{prefix}.{name}", name in required
        yield from _fields(document, inner, f"{prefix}.{name}", depth + 1)


def _resolved(document: Mapping[str, Any], one: Any) -> Mapping[str, Any]:
    """Return what a reference within the document points at; references elsewhere are not followed."""
    known = _mapping(one)
    for _ in range(5):
        target = known.get("$ref")
        if not isinstance(target, str) or not target.startswith("#/"):
            return known
        found: Any = document
        for part in target[2:].split("/"):
            found = _mapping(found).get(part.replace("~1", "/").replace("~0", "~"))
        known = _mapping(found)
    return known


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
