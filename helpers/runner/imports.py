"""papermill, imported without what takes most of its import and serves no notebook."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

__all__ = ["import_papermill"]

_lock = threading.Lock()
_IRI_GRAMMAR = "rfc3987_syntax"  # jsonschema#1428: built at import, only for the format "iri", which no notebook schema has


def import_papermill() -> Any:
    """Return the papermill module; with JupyterLab installed a plain import costs about 0.9 s more."""
    with _lock:
        hide = "jsonschema" not in sys.modules and _IRI_GRAMMAR not in sys.modules
        if hide:
            sys.modules[_IRI_GRAMMAR] = None  # type: ignore[assignment]
        try:
            import papermill
        finally:
            if hide:
                del sys.modules[_IRI_GRAMMAR]
        # It reads the parameters cell again with a pattern of its own, and warns about what ours, by ast, has read and checked.
        for name in ("papermill.translators", "papermill.parameterize", "papermill"):
            logging.getLogger(name).setLevel(logging.ERROR)
        return papermill
