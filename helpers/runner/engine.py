"""The papermill engine `runbook`: what papermill does, without what it should not (docs in the tests of this room).

It offers the three methods papermill asks of an engine and derives from nothing: papermill imports every registered engine at
its own import, so this file imports papermill, nbclient and nbformat only when a notebook runs.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.runner.book import Book, Sink
from helpers.runner.events import OnEvent
from helpers.runner.leash import CELL_S, Leash

__all__ = ["RunbookEngine"]


class RunbookEngine:
    """Executes a notebook on one kernel process of the running interpreter, under limits."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str | None = None,
        *,
        output_path: str | None = None,
        leash: Leash | None = None,
        sink: Sink | None = None,
        on_cell: OnEvent | None = None,
        unseen: list[str] | None = None,
        env: Mapping[str, str] | None = None,
        execution_timeout: float | None = None,
        **_: Any,
    ) -> Any:
        """Execute every cell and return the notebook, redacted in place.

        Args:
            nb: The parameterised notebook, papermill's metadata included.
            kernel_name: Ignored: the kernel is always the running interpreter.
            output_path: Where papermill will write; saved to on the way when there is no `sink`.
            leash: Limits, and the way to stop it.
            sink: Writes a redacted copy.
            on_cell: Told when a code cell begins.
            unseen: Receives the failures of background tasks that nobody awaited.
            env: The kernel's whole environment; the caller's by default.
            execution_timeout: papermill's own option: seconds a cell may take, when there is no leash.

        Raises:
            RunBroken: a cell raised (SystemExit included), a limit passed, or the kernel died.

        """
        from helpers.runner.walk import walk

        leash = leash or Leash(cell_timeout_s=execution_timeout or CELL_S)
        book = Book(nb, sink or _papermill_sink(output_path))
        _run_apart(walk(book, leash, dict(env or os.environ), Path.cwd(), on_cell, [] if unseen is None else unseen), book)
        return nb

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the one kernel there is."""
        return "python3"

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the one language there is."""
        return "python"


def _papermill_sink(output_path: str | None) -> Sink | None:
    if not output_path:
        return None
    from papermill.iorw import write_ipynb

    return lambda nb: write_ipynb(nb, output_path)


def _run_apart(coroutine: Any, book: Book) -> None:
    """Run in this thread, or beside the loop that already runs in it; the notebook is saved however it ends."""
    try:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(coroutine)
            return
        raised: list[BaseException] = []
        thread = threading.Thread(target=_run_and_keep, args=(coroutine, raised), name="runbook-engine")
        thread.start()
        thread.join()
        if raised:
            raise raised[0]
    finally:
        book.close()


def _run_and_keep(coroutine: Any, raised: list[BaseException]) -> None:
    try:
        asyncio.run(coroutine)
    except BaseException as error:
        raised.append(error)
