"""Walk a notebook cell by cell: the first of cell's end, kernel's death, limit and stop decides."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_output

from helpers.errors import RunBroken
from helpers.redaction import redact
from helpers.runner.book import Book
from helpers.runner.cells import CellClient
from helpers.runner.events import Event, OnEvent
from helpers.runner.kernel import Kernel
from helpers.runner.leash import Leash

__all__ = ["walk"]

START_S = 60.0
LAST_WORDS_S = 0.2
COLLECT_S = 5.0


async def walk(book: Book, leash: Leash, env: Mapping[str, str], cwd: Path, on_cell: OnEvent | None, unseen: list[str]) -> None:
    """Execute the notebook's cells in order; the kernel and all it started are gone when this ends, however it ends.

    Raises:
        RunBroken: says which cell, and why.

    """
    book.save()
    starting: asyncio.Future[Any] = asyncio.ensure_future(Kernel.start(env, cwd, timeout_s=min(START_S, leash.run_left_s())))
    await asyncio.wait({starting, leash.stopped()}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
    try:
        kernel = await starting
    except asyncio.CancelledError:
        raise RunBroken(leash.reason) from None
    client = CellClient(book.nb, kernel)
    try:
        book.nb.metadata["language_info"] = kernel.language_info
        for index, heading in _code_cells(book):
            if on_cell is not None:
                on_cell(Event("cell", heading, {"index": index, "total": len(book.nb.cells)}))
            await _one_cell(book, client, kernel, leash, index)
        await _collect_unseen(client)
    finally:
        unseen += client.unseen
        await kernel.stop()


def _code_cells(book: Book) -> Any:
    """Yield (index, nearest heading above) of the cells to run; text cells are completed on the way."""
    heading = ""
    for index, cell in enumerate(book.nb.cells):
        if cell.cell_type == "code" and cell.source.strip():
            yield index, heading
            continue
        lines = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
        heading = lines[-1] if lines and cell.cell_type == "markdown" else heading
        book.end(index)


async def _one_cell(book: Book, client: CellClient, kernel: Kernel, leash: Leash, index: int) -> None:
    book.begin(index)
    book.save_soon()
    running = asyncio.ensure_future(client.run_cell(book.nb.cells[index], index))
    problem = ""
    try:
        problem = await _first_end(running, kernel, leash)
    finally:
        if not running.done():
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    if problem:
        _say(book, index, problem)
    elif error := running.exception():
        problem = _raised(error)
    elif client.asked_to_exit:
        problem = "It asked its kernel to exit."
    book.end(index, failed=bool(problem))
    if problem:
        raise RunBroken(f"Cell {index + 1}: {problem}")


async def _first_end(running: asyncio.Future[None], kernel: Kernel, leash: Leash) -> str:
    """Wait; returns why the cell has to end, or an empty string when it ended by itself."""
    seconds, over = leash.left_s()
    await asyncio.wait({running, kernel.gone, leash.stopped()}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if not running.done() and kernel.gone.done():
        await asyncio.wait({running}, timeout=LAST_WORDS_S)
        if not running.done():
            return f"The kernel died: {kernel.why_gone()}"
    if running.done():
        return ""
    return leash.reason or f"{over}, and was stopped."


def _say(book: Book, index: int, problem: str) -> None:
    """Tell the notebook's reader in the cell itself; stock leaves it empty."""
    book.nb.cells[index].outputs.append(new_output("error", ename="RunBroken", evalue=problem, traceback=[f"RunBroken: {problem}"]))


def _raised(error: BaseException) -> str:
    if isinstance(error, CellExecutionError):
        return redact(f"{error.ename}: {str(error.evalue)[:1000]}")
    return redact(f"{type(error).__name__}: {str(error)[:1000]}")


async def _collect_unseen(client: CellClient) -> None:
    """A failed task says so when it is collected: collect before the kernel is gone."""
    asked = client.kc.execute("import gc; gc.collect()", silent=True, store_history=False)
    try:
        async with asyncio.timeout(COLLECT_S):
            while True:
                message = await client.kc.iopub_channel.get_msg()
                client._listen(message)
                if message["parent_header"].get("msg_id") == asked and message["content"].get("execution_state") == "idle":
                    return
    except TimeoutError:
        return
