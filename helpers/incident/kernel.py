"""What a notebook prints is an artefact too: redact a kernel's streams, displays and tracebacks before they leave it."""

from __future__ import annotations

import sys
from typing import Any

from helpers.redaction import redact, redact_value

__all__ = ["redact_outputs"]


def redact_outputs() -> None:
    """Redact everything the running IPython kernel sends from now on; nothing outside a kernel, nothing twice."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell: Any = get_ipython()
    if shell is None or getattr(shell, "_runbook_redacts", False):
        return
    shell._runbook_redacts = True
    for stream in (sys.stdout, sys.stderr):
        _wrap_stream(stream)
    _wrap_display(shell)
    _wrap_traceback(shell)


def _wrap_stream(stream: Any) -> None:
    write = stream.write
    stream.write = lambda text: write(redact(text) if isinstance(text, str) else text)


def _wrap_display(shell: Any) -> None:
    publish, write_format = shell.display_pub.publish, shell.displayhook.write_format_data

    def published(data: Any, *args: Any, **kwargs: Any) -> Any:
        return publish(_clean(data), *args, **kwargs)

    shell.display_pub.publish = published
    shell.displayhook.write_format_data = lambda data, *args, **kwargs: write_format(_clean(data), *args, **kwargs)


def _clean(data: Any) -> Any:
    """Redact a mime bundle; base64 pictures are left as they are."""
    return {mime: value if mime.startswith("image/png") else redact_value(value) for mime, value in data.items()}


class _Shown(str):
    """An exception's text, redacted, in the place of the exception."""

    __slots__ = ()


def _wrap_traceback(shell: Any) -> None:
    show = shell._showtraceback
    shell._showtraceback = lambda etype, evalue, stb: show(etype, _Shown(redact(str(evalue))), [redact(str(line)) for line in stb])
