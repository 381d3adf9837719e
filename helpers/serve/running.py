"""Run the receiver under uvicorn until SIGTERM or Ctrl-C, and end in order."""

from __future__ import annotations

import signal
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from helpers.errors import UsageError
from helpers.serve.app import application
from helpers.serve.desk import Desk
from helpers.serve.worker import Pool

__all__ = ["serve"]

HEAD_S = 10.0  # from the first byte of a request, or a new connection, until its head is there
CONNECTIONS = 512  # beyond them uvicorn answers 503 by itself


class _Patient(H11Protocol):
    """Closes connections on which no head of a request arrives: uvicorn's own time-out begins with the first answer."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._await_head()

    def _await_head(self) -> None:
        self.loop.call_later(HEAD_S, self._close_unless_past, self.cycle)

    def _close_unless_past(self, before: Any) -> None:
        is_waiting = self.cycle is before and (before is None or before.response_complete)
        if is_waiting and self.transport is not None and not self.transport.is_closing():
            self.transport.close()


def serve(desk: Desk, pool: Pool, *, host: str, port: int) -> None:
    """Serve until told to end; then the running triage may end, and the process does with 0. Raises UsageError where it cannot listen."""
    listening = _listening(host, port)
    config = uvicorn.Config(
        application(desk, pool), http=_Patient, ws="none", lifespan="on", log_level="warning", access_log=False,
        server_header=False, limit_concurrency=CONNECTIONS, timeout_keep_alive=15, timeout_graceful_shutdown=5,
    )  # fmt: skip
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises what ended it once more, after the ending
    uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=CONNECTIONS)
    except OSError as error:
        raise UsageError(
            f"Nothing can listen on {host}, port {port}: {error.strerror}.", remedy="Choose another --port or --host."
        ) from None
