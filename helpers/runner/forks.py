"""Output of a kernel's forked children over a socket file: stock ipykernel opens a TCP port for it, readable by every local user."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["pipe_by_file"]


def pipe_by_file(thread_class: Any, folder: Path) -> None:
    """Make ipykernel's IOPubThread take what forked children print through a file in `folder`."""
    import zmq
    from zmq.eventloop.zmqstream import ZMQStream

    address = f"ipc://{folder / 'forks'}"

    def take(self: Any) -> None:
        self._pipe_uuid = os.urandom(16)
        pipe = self.socket.context.socket(zmq.PULL)
        pipe.linger = 0
        pipe.bind(address)
        self._pipe_in = ZMQStream(pipe, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def give(self: Any) -> tuple[Any, Any]:
        context = zmq.Context()  # a context does not survive a fork
        pipe = context.socket(zmq.PUSH)
        pipe.linger = 3000
        pipe.connect(address)
        return context, pipe

    thread_class._setup_pipe_in = take
    thread_class._setup_pipe_out = give
