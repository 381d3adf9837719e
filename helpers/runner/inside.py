"""Inside the kernel's process: a stock IPython kernel whose output is bounded at the source.

A cell that prints a gigabyte costs the runner nothing: what is beyond the limit never leaves the kernel.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from helpers.runner.forks import pipe_by_file
from helpers.runner.status import tell

__all__ = ["CUT", "STREAM_LIMIT", "VALUE_LIMIT", "run_kernel", "run_stock_kernel"]

STREAM_LIMIT = 200_000  # characters of stdout, and of stderr, kept per cell: some 2,500 lines, more than anybody reads
VALUE_LIMIT = 2_000_000  # characters of one displayed value; a picture of a report is far below
CUT = "… cut here by the runner: the cell wrote more than {limit:,} characters"


def run_kernel(connection_file: Path, status: int) -> None:
    """Serve as a kernel until killed; `status` is told that the sockets are bound, and closed."""
    sys.argv = ["ipykernel_launcher", "-f", str(connection_file)]
    from ipykernel.iostream import IOPubThread, OutStream
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core.formatters import DisplayFormatter

    pipe_by_file(IOPubThread, connection_file.parent)
    OutStream.write = BoundedWrite(OutStream.write)
    limit_displays(DisplayFormatter)
    app: Any = IPKernelApp.instance()
    _never_drop_messages(app)
    with _without_debugger(), _without_lists_of_modules():
        app.initialize(
            ["-f", str(connection_file), "--HistoryManager.enabled=False", f"--ipython-dir={connection_file.parent / 'ipython'}"]
        )
    vars(app.shell).pop("_sys_modules_keys", None)  # of no module: `%reset -s aggressive` says that it has none, and forgets no module
    _serve(app, status)


def run_stock_kernel(arguments: list[str], status: int) -> None:
    """Serve as ipykernel's own kernel would when started with these arguments, to its orderly end."""
    import atexit
    from importlib.util import find_spec

    from ipykernel.kernelapp import IPKernelApp

    launcher = find_spec("ipykernel_launcher")
    sys.argv = [str(launcher.origin) if launcher else "ipykernel_launcher", *arguments]
    app: Any = IPKernelApp.instance()
    app.initialize(arguments)
    _serve(app, status)
    atexit._run_exitfuncs()


@contextmanager
def _without_debugger() -> Iterator[None]:
    """Nobody debugs a run: ipykernel does without debugpy, which takes a fifth of its start, where there is none."""
    hide = "debugpy" not in sys.modules
    if hide:
        sys.modules["debugpy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hide:
            del sys.modules["debugpy"]


@contextmanager
def _without_lists_of_modules() -> Iterator[None]:
    """Two lists of all modules are made, one for the debugger: to count who refers to them, a forked kernel would copy 17 MiB of shared pages."""
    from ipykernel import ipkernel
    from IPython.core import shellapp

    ipkernel.sys = shellapp.sys = _NoModules()
    try:
        yield
    finally:
        ipkernel.sys = shellapp.sys = sys


class _NoModules:
    """`sys`, without modules."""

    modules: ClassVar[dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


def _serve(app: Any, status: int) -> None:
    tell(status, "ready")
    os.close(status)
    app.start()


def _never_drop_messages(app: Any) -> None:
    """ZeroMQ drops beyond 1,000 queued messages, "idle" too; the limits above bound the queue instead."""
    init = app.init_iopub

    def init_iopub(context: Any) -> None:
        context.sndhwm = 0
        init(context)

    app.init_iopub = init_iopub


class BoundedWrite:
    """A stream's `write`: it keeps `STREAM_LIMIT` characters per cell, and says where it was cut.

    A data descriptor, so that a `write` set on a stream later (the redaction) is reached only with what is kept.
    """

    def __init__(self, write: Callable[[Any, str], Any]) -> None:
        self._write = write
        self._written: dict[tuple[str, str], int] = {}
        self._inside = threading.local()

    def __set__(self, stream: Any, write: Callable[[str], Any]) -> None:
        stream.__dict__["_later_write"] = write

    def __get__(self, stream: Any, owner: type) -> Any:
        return self if stream is None else partial(self._bounded, stream)

    def _bounded(self, stream: Any, string: str) -> int:
        if getattr(self._inside, "now", False):
            self._write(stream, string)
            return len(string)
        self._inside.now = True
        try:
            if kept := self._keep(stream, string):
                stream.__dict__.get("_later_write", partial(self._write, stream))(kept)
        finally:
            self._inside.now = False
        return len(string)

    def _keep(self, stream: Any, string: str) -> str:
        key = (stream.name, str(stream.parent_header.get("msg_id", "")))
        before = self._written.pop(key, 0)
        if len(self._written) > 1000:
            self._written.clear()
        self._written[key] = before + len(string)
        if before + len(string) <= STREAM_LIMIT:
            return string
        return "" if before > STREAM_LIMIT else string[: STREAM_LIMIT - before] + "\n" + CUT.format(limit=STREAM_LIMIT) + "\n"


def limit_displays(formatter: Any) -> None:
    """Make the formatter of displayed values replace one beyond `VALUE_LIMIT` by a sentence."""
    shape = formatter.format

    def bounded(self: Any, *args: Any, **kwargs: Any) -> Any:
        data, metadata = shape(self, *args, **kwargs)
        small = {mime: value for mime, value in data.items() if not isinstance(value, str | bytes) or len(value) <= VALUE_LIMIT}
        if len(small) < len(data):
            small.setdefault("text/plain", CUT.format(limit=VALUE_LIMIT))
        return small, metadata

    formatter.format = bounded
