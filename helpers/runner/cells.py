"""Execute cells by nbclient, with outputs joined, bounded and listened to."""

from __future__ import annotations

from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from nbformat.v4 import new_output

from helpers.runner.inside import CUT, STREAM_LIMIT

__all__ = ["CellClient"]

MOST_OUTPUTS = 300
MOST_UNSEEN = 20
UNSEEN = "exception was never retrieved"  # asyncio's words for a failure nobody awaited


class CellClient(NotebookClient):  # type: ignore[misc]
    """Executes one cell at a time on a kernel that runs already.

    `unseen` collects background tasks that failed with nobody awaiting them; `asked_to_exit` is set by `exit` in a cell.
    """

    def __init__(self, nb: NotebookNode, kernel: Any) -> None:
        super().__init__(nb, iopub_timeout=30, on_cell_executed=self._executed)
        self.kc = kernel.client
        self.unseen: list[str] = []
        self.asked_to_exit = False
        self._open: NotebookNode | None = None
        self._parts: list[str] = []
        self._written = 0

    def _executed(self, execute_reply: dict[str, Any], **_: Any) -> None:
        payload = execute_reply["content"].get("payload") or []
        self.asked_to_exit |= any(part.get("source") == "ask_exit" for part in payload)

    async def run_cell(self, cell: NotebookNode, index: int) -> None:
        """Execute one cell; its outputs are complete when this returns or raises.

        Raises:
            CellExecutionError: the cell raised (SystemExit too).

        """
        self._open, self._parts, self._written = None, [], 0
        try:
            await self.async_execute_cell(cell, index)
        finally:
            self.join()

    def join(self) -> None:
        """Put the text received since into the stream output it belongs to."""
        if self._open is not None and self._parts:
            self._open["text"] += "".join(self._parts)
            self._parts = []

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: NotebookNode, cell_index: int) -> None:
        """As nbclient's, but what arrives between cells is listened to as well."""
        while True:
            message = await self.kc.iopub_channel.get_msg(timeout=None)
            self._listen(message)
            if message["parent_header"].get("msg_id") == parent_msg_id:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    return

    def _listen(self, message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream" and UNSEEN in message["content"]["text"] and len(self.unseen) < MOST_UNSEEN:
            lines = [line for line in message["content"]["text"].splitlines() if line.strip()]
            self.unseen.append(lines[-1][:500])

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int) -> NotebookNode | None:
        """Take one output in; text of the same stream is joined, and past the limits one sentence says so."""
        if msg["msg_type"] == "stream" and not self.clear_before_next_output and self._is_open(outs, msg["content"]["name"]):
            self._take(msg["content"]["text"])
            return None
        self.join()
        if len(outs) >= MOST_OUTPUTS:
            if len(outs) == MOST_OUTPUTS:
                outs.append(new_output("stream", name="stderr", text=f"… cut here by the runner: more than {MOST_OUTPUTS} outputs\n"))
            return None
        out: NotebookNode | None = super().output(outs, msg, display_id, cell_index)
        self._open = out if msg["msg_type"] == "stream" else None
        return out

    def _is_open(self, outs: list[NotebookNode], name: str) -> bool:
        return bool(outs) and outs[-1] is self._open and self._open["name"] == name

    def _take(self, text: str) -> None:
        if self._written <= STREAM_LIMIT * 2:  # both streams; the kernel's own limit cuts earlier
            self._written += len(text)
            self._parts.append(text if self._written <= STREAM_LIMIT * 2 else "\n" + CUT.format(limit=STREAM_LIMIT * 2))
