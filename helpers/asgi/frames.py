"""Frames of running code, and which of them are the application's own."""

from __future__ import annotations

import linecache
import os
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Protocol
from urllib.parse import urlsplit

__all__ = ["IN_THREAD", "HasCode", "Place", "awaited", "called", "own_code", "told"]

IN_THREAD = "anyio.to_thread.run_sync"  # under what starlette and fastapi wrap around it: the work is a thread's, or waits for one
HTTP_CLIENTS = ("httpx", "aiohttp", "urllib3", "requests")
MOST_FRAMES = 200
MOST_TOLD = 12
_NEXT = ("async_generator_asend", "async_generator_athrow", "anext_awaitable")
_HERE = str(Path(__file__).parent) + os.sep
_LIBRARIES = tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class HasCode(Protocol):
    """A place in code."""

    @property
    def code(self) -> CodeType:
        """What code it is in."""


class Place:
    """One frame as it stood: its code, and the line it was at.

    `scope` is the ASGI scope it holds as a local, if any; `peer` the `host:port` that a frame of an HTTP client calls, without what is secret.
    """

    __slots__ = ("code", "line", "module", "peer", "scope")

    def __init__(self, frame: FrameType) -> None:
        self.code: CodeType = frame.f_code
        self.line: int = frame.f_lineno
        self.module = str(frame.f_globals.get("__name__", ""))
        names = frame.f_code.co_varnames
        self.scope = frame.f_locals.get("scope") if "scope" in names else None
        self.peer = _peer(frame.f_locals) if self.module.startswith(HTTP_CLIENTS) and ("url" in names or "request" in names) else ""

    @property
    def name(self) -> str:
        """`httpx._client.AsyncClient.send`."""
        return f"{self.module}.{self.code.co_qualname}"

    @property
    def text(self) -> str:
        """The line of code itself."""
        return linecache.getline(self.code.co_filename, self.line).strip()[:200]


def _peer(variables: Mapping[str, Any]) -> str:
    """Return the host and port of a URL that httpx, httpcore, aiohttp or urllib3 holds as `url` or in `request`; empty when there is none."""
    url = getattr(variables.get("request"), "url", None) or variables.get("url")
    try:
        return urlsplit(str(url)).netloc.rpartition("@")[2] if url is not None else ""
    except ValueError:
        return ""


def called(frame: FrameType | None) -> list[Place]:
    """Return a thread's stack, the innermost frame last."""
    places: list[Place] = []
    while frame is not None and len(places) < MOST_FRAMES:
        places.append(Place(frame))
        frame = frame.f_back
    return places[::-1]


def awaited(coroutine: Any) -> list[Place]:
    """Return the chain of a suspended coroutine: what it awaits, what that awaits, and so on; the innermost last."""
    places: list[Place] = []
    for thing in _chain(coroutine):
        frame = getattr(thing, "cr_frame", None) or getattr(thing, "gi_frame", None) or getattr(thing, "ag_frame", None)
        if frame is None:
            break
        places.append(Place(frame))
    return places


def _chain(thing: Any) -> Iterator[Any]:
    for _ in range(MOST_FRAMES):
        if thing is None:
            return
        yield thing
        inner = getattr(thing, "cr_await", None) or getattr(thing, "gi_yieldfrom", None) or getattr(thing, "ag_await", None)
        thing = _generator(thing) if type(inner).__name__ in _NEXT else inner


def _generator(awaiting: Any) -> Any:
    """Return the async generator that an `async with` of contextlib is in: the step it awaits does not tell whose it is."""
    frame = getattr(awaiting, "cr_frame", None)
    return getattr(frame.f_locals.get("self"), "gen", None) if frame is not None else None


def told(places: Sequence[Place], path_of: Callable[[Place], str]) -> dict[str, Any]:
    """Return where a stack stands, for people and for checks.

    `code_file_path`, `code_line_number`, `code_function_name` and `code_text` are those of the innermost own frame (empty and 0 where there is
    none), `callee` the function of a library it called there (`anyio.to_thread.run_sync` where that is further in), `peer` the host and port that an HTTP client called, `stack` the frames from the first own one on, the innermost last.
    """
    own = [number for number, place in enumerate(places) if path_of(place)]
    last = places[own[-1]] if own else None
    inner = places[own[-1] + 1 :] if own else places
    return {
        "code_file_path": path_of(last) if last else "",
        "code_line_number": last.line if last else 0,
        "code_function_name": last.code.co_qualname if last else "",
        "code_text": last.text if last else "",
        "callee": next((place.name for place in inner if place.name == IN_THREAD), inner[0].name if inner else ""),
        "peer": next((place.peer for place in inner if place.peer), ""),
        "stack": [f"{path_of(p) or p.module}:{p.line} {p.code.co_qualname}" for p in places[own[0] if own else 0 :][-MOST_TOLD:]],
    }


def own_code(root: Path) -> Callable[[HasCode], str]:
    """Return a function that gives a frame's path relative to `root` when it is the application's own code there, else an empty string.

    Own is what lies under `root` and is no installed library, not the standard library, and not this middleware.
    """
    base = os.path.realpath(root) + os.sep
    known: dict[CodeType, str] = {}

    def path_of(place: HasCode) -> str:
        if place.code not in known:
            path = os.path.realpath(place.code.co_filename)
            named = place.code.co_filename.startswith("<")  # <frozen runpy>, <string>: no file
            library = named or path.startswith((_HERE, *_LIBRARIES)) or f"{os.sep}site-packages{os.sep}" in path
            known[place.code] = "" if library or not path.startswith(base) else path[len(base) :]
        return known[place.code]

    return path_of
