"""What every service of the sandbox can do: start on a free port, be killed, held still, and started again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import psutil

from helpers.errors import RunbookError
from helpers.sandbox.accounts import Account
from helpers.sandbox.janitor import die_with_parent

__all__ = ["Service", "free_port"]

_PORT_ATTEMPTS = 8
_READY_S = 30.0


def free_port() -> int:
    """Return a loopback port that is free now, below the range outgoing connections take theirs from."""
    while True:
        port = random.randint(20_000, 32_000)  # noqa: S311 - not a secret
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Service(ABC):
    """One server process; `port` stays the same over restarts."""

    name: ClassVar[str]
    death_signal: ClassVar[signal.Signals] = signal.SIGKILL
    listens: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.suspended = False
        self.on_spawn: Callable[[], None] = lambda: None
        self.log = folder / "logs" / f"{self.name}.log"

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line; secrets do not belong here, everyone can read it."""

    def environment(self) -> Mapping[str, str]:
        """Return what is added to the environment."""
        return {}

    def workdir(self) -> Path:
        """Return the folder it runs in."""
        return self.folder

    def account(self) -> Account | None:
        """Return the account to run under, or None for the user's own."""
        return None

    @abstractmethod
    async def answers(self) -> bool:
        """Return whether it (not somebody else on the same port) answers."""

    @abstractmethod
    def address(self) -> str:
        """Return where it is, without secrets."""

    async def prepare(self) -> None:
        """Do what has to be done once, before the first start."""
        return

    @property
    def state(self) -> str:
        """`running`, `suspended` or `stopped`."""
        if self.process is None or self.process.poll() is not None:
            return "stopped"
        return "suspended" if self.suspended else "running"

    async def start(self) -> None:
        """Start it and wait until it answers; no-op when it runs. Raises RunbookError with the end of its log."""
        if self.state != "stopped":
            return
        first = self.port == 0
        for _ in range(_PORT_ATTEMPTS):
            if first and self.listens:
                self.port = free_port()
            self.spawn()
            if await self._ready():
                return
            if "already in use" not in self._log_tail().lower():  # somebody took the port in between: try another
                break
        raise RunbookError(f"{self.name} did not start: {self._log_tail()[-600:].strip() or 'no output'}", remedy=f"Its log is {self.log}.")

    def spawn(self) -> None:
        """Start the process, tied to this one's life."""
        account, me, number = self.account(), os.getpid(), self.death_signal
        self.suspended = False
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self.command(),
                cwd=self.workdir(),
                env={**os.environ, **self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(me, number),
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self.on_spawn()

    async def _ready(self) -> bool:
        deadline = time.monotonic() + _READY_S
        while self.state == "running" and time.monotonic() < deadline:
            if await self.answers():
                return self.state == "running"
            await asyncio.sleep(0.03)
        return False

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def processes(self) -> list[psutil.Process]:
        """Return the process and its children; empty when it is gone."""
        if self.process is None or self.process.poll() is not None:
            return []
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    async def kill(self) -> None:
        """End it at once (SIGKILL), children too; nothing is told to it, as in a crash."""
        left = self.processes()
        _signal_all(left, signal.SIGKILL)
        while [p for p in left if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]:
            self.state  # noqa: B018 - reaps the process
            await asyncio.sleep(0.01)
        if self.process is not None:
            self.process.wait()

    async def stop(self) -> None:
        """End it for good."""
        await self.kill()

    def suspend(self) -> None:
        """Hold it still (SIGSTOP): it accepts connections and never answers."""
        _signal_all(self.processes(), signal.SIGSTOP)
        self.suspended = self.state != "stopped"

    def resume(self) -> None:
        """Let it go on (SIGCONT)."""
        _signal_all(self.processes(), signal.SIGCONT)
        self.suspended = False


def _signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
