"""Inside the kernel's process: a stock IPython kernel whose output is bounded at the source.

A cell that prints a gigabyte costs the runner nothing: what is beyond the limit never leaves the kernel.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["CUT", "STREAM_LIMIT", "VALUE_LIMIT", "run_kernel"]

STREAM_LIMIT = 200_000  # characters of stdout, and of stderr, kept per cell: some 2,500 lines, more than anybody reads
VALUE_LIMIT = 4_000_000  # characters of one displayed value; a picture of a report is far below
CUT = "… cut here by the runner: the cell wrote more than {limit:,} characters"


def run_kernel(connection_file: Path, ready: int) -> None:
    """Serve as a kernel until killed; one byte on `ready` says that the sockets are bound."""
    sys.argv = ["ipykernel_launcher", "-f", str(connection_file)]
    from ipykernel.iostream import OutStream
    from ipykernel.kernelapp import IPKernelApp

    limit_streams(OutStream)
    app: Any = IPKernelApp.instance()
    _never_drop_messages(app)
    app.initialize(["-f", str(connection_file), "--HistoryManager.enabled=False", f"--ipython-dir={connection_file.parent / 'ipython'}"])
    limit_displays(app.session)
    os.write(ready, b"1")
    os.close(ready)
    app.start()


def _never_drop_messages(app: Any) -> None:
    """ZeroMQ drops beyond 1,000 queued messages, "idle" too; the limits above bound the queue instead."""
    init = app.init_iopub

    def init_iopub(context: Any) -> None:
        context.sndhwm = 0
        init(context)

    app.init_iopub = init_iopub


def limit_streams(stream_class: Any) -> None:
    """Make every stream of the class keep `STREAM_LIMIT` characters per cell, and say where it was cut."""
    write = stream_class.write
    written: dict[tuple[str, str], int] = {}

    def bounded(self: Any, string: str) -> Any:
        if not isinstance(string, str):
            return write(self, string)
        key = (self.name, str(self.parent_header.get("msg_id", "")))
        before = written.pop(key, 0)
        if len(written) > 1000:
            written.clear()
        written[key] = before + len(string)
        if before >= STREAM_LIMIT:
            return len(string)
        if before + len(string) > STREAM_LIMIT:
            write(self, string[: STREAM_LIMIT - before] + "\n" + CUT.format(limit=STREAM_LIMIT) + "\n")
        else:
            write(self, string)
        return len(string)

    stream_class.write = bounded


def limit_displays(session: Any) -> None:
    """Make `session` replace a displayed value beyond `VALUE_LIMIT` by a sentence."""
    send = session.send

    def bounded(stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **kwargs: Any) -> Any:
        if isinstance(content, dict) and isinstance(content.get("data"), dict):
            content = {**content, "data": _shorten(content["data"])}
        elif isinstance(content, dict) and isinstance(content.get("traceback"), list):
            content = {**content, "evalue": _cut(content.get("evalue")), "traceback": [_cut(line) for line in content["traceback"]]}
        return send(stream, msg_or_type, content, *args, **kwargs)

    session.send = bounded


def _shorten(data: dict[str, Any]) -> dict[str, Any]:
    small = {mime: value for mime, value in data.items() if len(value if isinstance(value, str | bytes) else str(value)) <= VALUE_LIMIT}
    if len(small) < len(data) and "text/plain" not in small:
        small["text/plain"] = CUT.format(limit=VALUE_LIMIT)
    return small


def _cut(text: Any) -> Any:
    limit = STREAM_LIMIT // 4
    return text if not isinstance(text, str) or len(text) <= limit else text[:limit] + CUT.format(limit=limit)
