"""papermill, imported without what takes most of its import and serves no notebook."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["import_papermill", "without_iri_grammar"]

_lock = threading.Lock()
_IRI_GRAMMAR = "rfc3987_syntax"  # jsonschema#1428: built at import, only for the format "iri", which no notebook schema has


@contextmanager
def without_iri_grammar() -> Iterator[None]:
    """Import jsonschema, if it is imported for the first time here, without a grammar that takes 0.9 s where JupyterLab is installed."""
    with _lock:
        hide = "jsonschema" not in sys.modules and _IRI_GRAMMAR not in sys.modules
        if hide:
            sys.modules[_IRI_GRAMMAR] = None  # type: ignore[assignment]
        try:
            yield
        finally:
            if hide:
                del sys.modules[_IRI_GRAMMAR]


def import_papermill() -> Any:
    """Return the papermill module; with JupyterLab installed a plain import costs about 0.9 s more."""
    with without_iri_grammar():
        import papermill
    # It reads the parameters cell again with a pattern of its own, and warns about what ours, by ast, has read and checked.
    for name in ("papermill.translators", "papermill.parameterize", "papermill"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return papermill
