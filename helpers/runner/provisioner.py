"""A kernel provisioner for everybody else: JupyterLab, nbclient and stock papermill get kernels forked from a zygote.

A kernelspec names it (`"metadata": {"kernel_provisioner": {"provisioner_name": "runbook"}}`), or `JUPYTER_DEFAULT_PROVISIONER_NAME=runbook`
makes it the default. Such a kernel is ipykernel's own, started with the kernelspec's arguments; what cannot be forked (another interpreter,
another kernel, another system than Linux) is started as jupyter_client would.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from helpers.runner import zygote
from helpers.runner.launch import Launched, fork
from helpers.runner.status import Status

__all__ = ["ForkedKernel", "ForkedProvisioner", "arguments_of"]

_LAUNCHER = ["-m", "ipykernel_launcher"]
_HARMLESS_FLAGS = {"-P", "-Xfrozen_modules=off"}
BORN_S = 10.0


class ForkedKernel:
    """A forked kernel, as `subprocess.Popen` would be; its group is its own, and its warden ends what it leaves behind."""

    stdin = stdout = stderr = None

    def __init__(self, warden: Launched) -> None:
        self._warden = warden
        self._status = Status()
        self._open = True
        os.set_blocking(warden.status, False)
        while self._open and not self._status.kernel:
            select.select([warden.status], [], [], BORN_S)
            self.poll()
        self.pid = self._status.kernel
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended as subprocess tells it, None while it runs."""
        while self._open:
            try:
                heard = os.read(self._warden.status, 4096)
            except BlockingIOError:
                return None
            self._status.feed(heard)
            if not heard:
                self._open = False
                os.close(self._warden.status)
                os.close(self._warden.lifeline)
        code = self._status.code or 0
        self.returncode = 128 - code if code > 128 else code
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it and all that it started is gone; returns as `poll`."""
        if self._open:
            select.select([self._warden.status], [], [], timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Signal the kernel, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the kernel; its warden ends the rest."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)


class ForkedProvisioner(LocalProvisioner):  # type: ignore[misc]
    """Launches by a fork what can be forked; all else is its parent's business."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Return the connection information of a kernel launched with this command."""
        arguments = arguments_of(cmd)
        zygote.start()
        warm = zygote.current()
        if arguments is None or warm is None or any(isinstance(kwargs.get(s), int) and kwargs[s] < 0 for s in ("stdout", "stderr")):
            return await super().launch_kernel(cmd, **kwargs)
        env = {k: v for k, v in (kwargs.get("env") or os.environ).items() if k not in ("JPY_PARENT_PID", "JPY_SESSION_NAME")}
        cwd = Path(kwargs.get("cwd") or Path.cwd())
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            streams = (nothing, _descriptor(kwargs.get("stdout"), 1), _descriptor(kwargs.get("stderr"), 2))
            warden = await fork(warm, zygote.Request("stock", "", arguments, env), cwd, streams)
        except zygote.NotForked as error:
            zygote.say_once(error)
            return await super().launch_kernel(cmd, **kwargs)
        finally:
            os.close(nothing)
        kernel: Any = await asyncio.to_thread(ForkedKernel, warden)
        self.process, self.pid, self.pgid, self.cwd = kernel, kernel.pid, kernel.pid, str(cwd)
        info: KernelConnectionInfo = self.connection_info
        return info

    async def wait(self) -> int | None:
        """Wait for the kernel's end, which is noticed at once."""
        if isinstance(self.process, ForkedKernel):
            await asyncio.to_thread(self.process.wait)
        ended: int | None = await super().wait()
        return ended


def arguments_of(command: list[str]) -> list[str] | None:
    """Return the arguments of an ipykernel of this interpreter, None for any other command."""
    interpreter, *rest = command
    while rest and rest[0] in _HARMLESS_FLAGS:
        rest = rest[1:]
    ours = Path(interpreter).absolute() == Path(sys.executable).absolute() or interpreter in ("python", "python3")
    return rest[2:] if ours and rest[:2] == _LAUNCHER else None


def _descriptor(given: Any, default: int) -> int:
    return default if given is None else given if isinstance(given, int) else int(given.fileno())
