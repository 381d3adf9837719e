"""What every kernel is born with.

Not duckdb: it starts threads. Not matplotlib_inline: it looks for its shell when it is imported. Not the runbooks' own folder: a person edits it.
"""

from __future__ import annotations

import gc
import mmap
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

from helpers.runner.imports import without_ballast

__all__ = ["INLINE", "preload"]

INLINE = "module://matplotlib_inline.backend_inline"
_LEAN = ("ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.interactiveshell", "IPython.core.completerlib", "IPython.core.oinspect",
         "IPython.core.debugger", "IPython.extensions.storemagic", "tornado.platform.asyncio", "psutil", "helpers.incident.opening")  # fmt: skip
_ALL = ("ipykernel.debugger", "zmq.asyncio", "numpy", "pandas", "pyarrow.parquet", "pyarrow.dataset", "scipy.stats", "asyncpg", "redis.asyncio",
        "httpx", "jinja2", "sqlglot", "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg")  # fmt: skip
_ROOMS = ("incident", "postgres", "redis", "http", "logs", "git", "variables", "vercel", "triage", "report")
matplotlib_settings = ""  # the file they were read from
_NOT = ("helpers.logs.beyond", "helpers.report.exporter")  # other engines, imported by whoever has them; nbconvert, which no kernel needs


def preload(*, lean: bool = False, between: Callable[[], object] = lambda: None) -> None:
    """Import, use once what is slow the first time, and freeze it all, so that collecting garbage copies no page.

    Args:
        lean: No more than every kernel imports before its first cell.
        between: Called between imports; it may end the process, which nobody may want any more.

    """
    os.environ["MPLBACKEND"] = INLINE
    _import(_LEAN, between)
    if not lean:
        with without_ballast():
            import_module("nbformat")
        _import(_ALL, between)
        _import(_rooms(), between)
        _use_once()
    _forget()
    gc.collect()
    gc.freeze()
    _let_go_of_code()


def _import(names: Iterable[str], between: Callable[[], object]) -> None:
    for name in names:
        between()
        import_module(name)


def _rooms() -> Iterator[str]:
    import helpers

    for room in _ROOMS:
        for found in pkgutil.walk_packages([f"{path}/{room}" for path in helpers.__path__], f"helpers.{room}."):
            if not found.name.startswith(_NOT) and not found.name.endswith(".fakes"):
                yield found.name


def _use_once() -> None:
    """Fill caches of fonts, styles, schemas, templates and entry points."""
    global matplotlib_settings
    import io

    import matplotlib
    import nbformat
    import pandas as pd
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from helpers.incident.closing import registered_reports
    from helpers.report.html import compile_templates

    registered_reports()
    matplotlib_settings = matplotlib.matplotlib_fname()
    pd.DataFrame({"a": [1.0], "b": ["c"]}).to_html()
    figure = Figure()
    FigureCanvasAgg(figure)
    figure.subplots().plot([1, 2], label="x")
    for kind in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=kind)
    compile_templates()
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]))


def _forget() -> None:
    """What hooks into a shell at import must be imported by the kernel that has one."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib_inline"]:
        del sys.modules[name]


_CODE = re.compile(r"^(\w+)-(\w+) r-xp \S+ \S+ \d+ +/.*\n(?:[A-Z].*\n)*?Anonymous: +0 kB$", re.MULTILINE)  # of a file, as it is there


def _let_go_of_code() -> None:
    """Unmap the pages of libraries' code that only the imports ran: whoever runs them again finds them in the page cache."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    for found in _CODE.finditer(Path("/proc/self/smaps").read_text()):
        start, end = int(found[1], 16), int(found[2], 16)
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)
