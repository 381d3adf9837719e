"""Route templates that are given: by an OpenAPI document (a file or a URL), or by the files of a Next.js project."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpers.errors import ParameterError
from helpers.logs.routes.nextjs import file_routes
from helpers.logs.routes.templates import ordered

__all__ = ["given_routes"]

TIMEOUT_S = 10.0
MOST_BYTES = 32 << 20


def given_routes(source: str) -> list[str]:
    """Return the templates of a source, the most particular first.

    Args:
        source: Path or URL of an OpenAPI (or Swagger) document, JSON or YAML; or the path of a Next.js project, or of its `app` or `pages`.

    Raises:
        ParameterError: it cannot be read, or has no route; with what it was.

    """
    if source.startswith(("http://", "https://")):
        found = list(_paths(_parsed(_fetched(source), source), source))
    elif (path := Path(source).expanduser()).is_dir():
        found = list(file_routes(path))
    else:
        found = list(_paths(_parsed(_read(path), source), source))
    if not found:
        raise ParameterError(f"{source} holds no route.", remedy="Give an OpenAPI document, or a folder with Next.js' `app` or `pages`.")
    return ordered(found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}.", remedy="Give the path or URL of an OpenAPI document.") from error


def _fetched(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - http and https only, see given_routes
            content: bytes = answer.read(MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise ParameterError(f"{_place(url)} does not answer with a document: {reason}.", remedy="Save it, and give its path.") from error
    return content


def _place(url: str) -> str:
    """Return a URL without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _parsed(content: bytes, source: str) -> dict[str, Any]:
    import yaml

    try:
        text = content.decode("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ParameterError(f"{_place(source)} is neither JSON nor YAML.", remedy="Give an OpenAPI document.") from error
    return found if isinstance(found, dict) else {}


def _paths(document: dict[str, Any], source: str) -> Iterator[str]:
    """Yield its paths, also under the path of its servers: a proxy may have taken that away or not."""
    paths = document.get("paths")
    if not isinstance(paths, dict):
        raise ParameterError(f"{_place(source)} is no OpenAPI document: it has no `paths`.", remedy="See docs/logs.md, routes.")
    servers = document.get("servers")
    urls = [one.get("url") for one in servers if isinstance(one, dict)] if isinstance(servers, list) else []
    bases = {"", *(urlsplit(url).path.rstrip("/") for url in [*urls, document.get("basePath")] if isinstance(url, str) and "{" not in url)}
    yield from (base + path for base in sorted(bases) for path in paths if isinstance(path, str) and path.startswith("/"))
