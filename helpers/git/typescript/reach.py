"""What a handler's code reaches: the functions of the project it calls, by name and through imports; and where it can wait without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.git.typescript.handlers import Handler
from helpers.git.typescript.source import Script, walk

__all__ = ["Wait", "meant", "package_of", "reached", "waits_of"]

DEEPEST = 8  # calls: deeper than that nobody finds it by reading either
_BOUNDS = ("AbortSignal", "setTimeout", "Promise.race", "signal", "timeout")
_LOOPS = ("while_statement", "do_statement")
_FETCHES = ("fetch", "globalThis.fetch")
_HOSTLESS = (
    "next",
    "react",
    "zod",
    "valibot",
    "yup",
    "joi",
    "server-only",
    "node:",
    "crypto",
    "fs",
    "path",
    "util",
    "jose",
    "bcrypt",
    "nanoid",
    "uuid",
)
_WATCHED = (
    "pg",
    "postgres",
    "@neondatabase",
    "@vercel/postgres",
    "@prisma/client",
    "drizzle-orm",
    "kysely",
    "knex",
    "typeorm",
    "sequelize",
)
_QUICK = ("redis", "ioredis", "@upstash/redis", "@vercel/kv")


@dataclass(frozen=True, eq=False)
class Wait:
    """A place where code may wait without end: a `call` without a time limit, or a `loop` that awaits; `bounded` when something limits it."""

    kind: str
    script: Script
    node: Any
    text: str
    bounded: bool

    @property
    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.script.path}:{self.script.line(self.node)}"


def reached(handler: Handler, scripts: Mapping[str, Script]) -> list[tuple[Script, Any]]:
    """Return the functions a handler reaches, its own first; what is passed through wrappers included, and what wrappers do."""
    todo: list[tuple[Script, Any, int]] = [(handler.script, handler.body or handler.node, 0)]
    todo += [(script, node, 1) for name in handler.wrappers for script, node in meant(handler.script, name, scripts)]
    seen: dict[tuple[str, int], tuple[Script, Any]] = {}
    while todo:
        script, node, depth = todo.pop(0)
        key = (script.path, node.start_byte)
        if key in seen or depth > DEEPEST:
            continue
        seen[key] = (script, node)
        for part in walk(node):
            if part.type == "call_expression":
                name = script.text(part.child_by_field_name("function"))
                todo += [(found, inner, depth + 1) for found, inner in meant(script, name, scripts)]
    return list(seen.values())


def meant(script: Script, name: str, scripts: Mapping[str, Script]) -> Iterator[tuple[Script, Any]]:
    """Yield the function of the project that a name in a script means."""
    known = frozenset(scripts)
    first, _, rest = name.partition(".")
    if name in script.functions:
        yield script, script.functions[name]
    elif first in script.imports:
        module, original = script.imports[first]
        target = scripts.get(script.module_of(module, known))
        wanted = rest if original == "*" else original
        if target is not None and wanted in target.functions and (original == "*" or not rest):
            yield target, target.functions[wanted]


def waits_of(handler: Handler, scripts: Mapping[str, Script]) -> list[Wait]:
    """Return where a handler can wait for something outside its databases: `fetch`, calls of packages that may go out, loops that await."""
    found: dict[str, Wait] = {}
    for script, function in reached(handler, scripts):
        for part in walk(function):
            wait = _wait(script, part)
            if wait is not None:
                found.setdefault(wait.place, wait)
    return list(found.values())


def _wait(script: Script, part: Any) -> Wait | None:
    if part.type == "call_expression":
        return _call(script, part)
    if part.type in _LOOPS and any(inner.type == "await_expression" for inner in walk(part)):
        condition = script.text(part.child_by_field_name("condition"))
        bounded = any(word in condition for word in ("<", ">")) or any(inner.type == "throw_statement" for inner in walk(part))
        return Wait("loop", script, part, condition, bounded)
    return None


def _call(script: Script, part: Any) -> Wait | None:
    """Return a call that may go to another host: `fetch`, or an awaited function of a package that may; databases are watched elsewhere."""
    name = script.text(part.child_by_field_name("function"))
    awaited = part.parent is not None and part.parent.type == "await_expression"
    if name not in _FETCHES and not (awaited and _may_call_out(package_of(script, name))):
        return None
    given = script.text(part.child_by_field_name("arguments"))
    return Wait("call", script, part, name, any(word in given for word in _BOUNDS))


def package_of(script: Script, name: str) -> str:
    """Return the package a called name comes from, through a const of the file made by it; empty when it is the project's or the language's."""
    first = name.partition(".")[0].partition("(")[0]
    if first not in script.imports and first in script.functions:
        made = [script.text(part) for part in walk(script.functions[first], into_functions=False) if part.type == "identifier"]
        first = next((one for one in made if one in script.imports), first)
    module = script.imports.get(first, ("", ""))[0]
    return "" if module.startswith((".", "@/", "~/")) else module


def _may_call_out(package: str) -> bool:
    quiet = (*_HOSTLESS, *_WATCHED, *_QUICK)
    return bool(package) and not any(package == one or package.startswith((f"{one}/", "node:")) for one in quiet)
