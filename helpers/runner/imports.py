"""papermill, imported without what takes most of its import and serves no notebook."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["import_papermill", "without_ballast"]

_lock = threading.Lock()
_BALLAST = frozenset({
    "rfc3987_syntax",  # jsonschema#1428: a grammar built at import, only for the format "iri", which no notebook schema has: 0.9 s
    "isoduration",  # likewise, for the format "duration"
    "pyarrow",  # papermill imports it, and numpy with it, for notebooks on HDFS
})  # fmt: skip


class _Hides:
    """A finder that finds nothing of the ballast for one thread; what is imported already stays, and others import as ever."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> None:
        if name in _BALLAST and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not imported on papermill's behalf", name=name)


@contextmanager
def without_ballast() -> Iterator[None]:
    """Import in the block what has optional dependencies that nobody here uses, without them."""
    hides: Any = _Hides()
    sys.meta_path.insert(0, hides)
    try:
        yield
    finally:
        sys.meta_path.remove(hides)


def import_papermill() -> Any:
    """Return the papermill module; with JupyterLab installed a plain import costs about 0.9 s more."""
    with _lock, without_ballast():
        import papermill
    # It reads the parameters cell again with a pattern of its own, and warns about what ours, by ast, has read and checked.
    for name in ("papermill.translators", "papermill.parameterize", "papermill"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return papermill
