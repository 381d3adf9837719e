"""What a kernel is born with, on its way to the zygote: the words in a memory file, the descriptors beside it."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["FDS", "Request", "receive", "send"]

FDS = 6  # working folder, standard input, output and error, lifeline, status
_BORN, _MOST = b"kernel", 16


@dataclass(frozen=True, slots=True)
class Request:
    """`runner`: a kernel of this room, bounded, at `connection_file`; `stock`: ipykernel's own, started with `arguments`."""

    kind: Literal["runner", "stock"]
    connection_file: str
    arguments: list[str]
    env: dict[str, str]


def send(channel: socket.socket, request: Request, fds: tuple[int, ...]) -> None:
    """Send a request; the environment may be larger than a message, and may hold secrets: it touches no disk."""
    memory = os.memfd_create("runbook-request", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(memory), "wb") as file:
            file.write(json.dumps(asdict(request)).encode("ascii"))
        socket.send_fds(channel, [_BORN], [memory, *fds])
    finally:
        os.close(memory)


def receive(channel: socket.socket) -> tuple[Request, list[int]] | None:
    """Return the next request and its descriptors, or None once the owner is gone."""
    message, fds, _, _ = socket.recv_fds(channel, _MOST, _MOST, socket.MSG_CMSG_CLOEXEC)
    if not message:
        return None
    memory, *given = fds
    with os.fdopen(memory, "rb") as file:
        file.seek(0)
        return Request(**json.load(file)), given
