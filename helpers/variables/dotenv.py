"""A `.env` file by names and hidden values: quotes, escapes, several lines, comments and `export`, as dotenv and `vercel env pull` write them.

Source: python-dotenv's parser; Next.js documentation, Environment Variables (load order); Vercel documentation, `vercel env pull`, `vercel pull`.
"""

from __future__ import annotations

import io
import posixpath
import re
from dataclasses import dataclass, field

from dotenv.parser import parse_stream

from helpers.variables.hidden import Hidden, hide

__all__ = ["ENVIRONMENTS", "EnvFile", "environments_of", "is_template", "read_env"]

ENVIRONMENTS = ("production", "preview", "development")
PULLED = "# Created by Vercel CLI"
_TEMPLATE = re.compile(r"(^|\.)(example|sample|template|dist|defaults?|schema)(\.|$)")


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One file: `values` by name, the line each stands on, `unread` lines that are no assignment, and whether the CLI made it."""

    path: str
    values: dict[str, Hidden] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    pulled: bool = False


def read_env(path: str, text: str) -> EnvFile:
    """Return the file by names and hidden values; of a name that is assigned twice the last counts, as in dotenv."""
    values: dict[str, Hidden] = {}
    lines: dict[str, int] = {}
    unread = 0
    for binding in parse_stream(io.StringIO(text)):
        unread += binding.error
        if binding.key is not None and binding.value is not None:
            values[binding.key] = hide(binding.value)
            lines[binding.key] = binding.original.line + len(re.match(r"\n*", binding.original.string)[0])  # type: ignore[index]
    return EnvFile(path, values, lines, unread, text.startswith(PULLED))


def is_template(path: str) -> bool:
    """Return whether a file is there to be copied and filled in: `.env.example`, `.env.sample`."""
    return _TEMPLATE.search(posixpath.basename(path).removeprefix(".env")) is not None


def environments_of(path: str, *, pulled: bool) -> tuple[str, ...]:
    """Return the environments whose values a file holds; none for templates and for `.env.test`.

    `.env` is loaded everywhere, `.env.production` by builds (production and preview alike), `.env.development` by `next dev`. What the
    CLI pulled stands for the one environment it is named after; `.env.local` is development's, which `vercel env pull` takes by default.
    """
    name = posixpath.basename(path)
    if is_template(path) or name.startswith(".env.test"):
        return ()
    kind = name.removeprefix(".env").removesuffix(".local").strip(".")
    if pulled:
        return (kind or "development",) if kind in ("", *ENVIRONMENTS) else ()
    known = {"": ENVIRONMENTS, "production": ("production", "preview"), "preview": ("preview",), "development": ("development",)}
    if name.endswith(".local"):
        return ("development",) if kind in ("", "development") else ()
    return known.get(kind, ())
