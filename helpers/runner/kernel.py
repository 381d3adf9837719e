"""One kernel process, reached over sockets in a private folder, ended for certain.

No TCP port, no kernelspec, no graceful shutdown (about one in twenty stalls for three seconds): the running interpreter (or its zygote,
`helpers.runner.zygote`) starts a warden, the warden the kernel; letting go of the lifeline ends both and everything they started.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.errors import RunBroken
from helpers.redaction import redact
from helpers.runner.launch import STOP_S, Launched, launch
from helpers.runner.status import KILLED, Status

__all__ = ["Kernel"]

PREFIX = "runbook-kernel-"
SWEPT_AFTER_S = 60.0
LONGEST_FOLDER = 64  # with the folder and socket names after it: a socket path may have 107 bytes on Linux, 103 on macOS
ANSWER_S = 0.5
ERROR_TAIL = 2000


class Kernel:
    """A running kernel; `client` talks to it, `gone` is done as soon as its process is."""

    def __init__(self, client: Any, folder: Path, warden: Launched) -> None:
        self.client = client
        self.folder = folder
        self.language_info: dict[str, Any] = {}
        self.forked = warden.forked
        self._warden = warden
        self._status = Status()
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()
        loop.add_reader(warden.status, self._heard)

    def _heard(self) -> None:
        """A line: the sockets are bound, or how it ended. End of file: the warden, and with it everyone, has ended."""
        heard = os.read(self._warden.status, 4096)
        self._status.feed(heard)
        if self._status.ready and not self.ready.done():
            self.ready.set_result(None)
        if not heard:
            asyncio.get_running_loop().remove_reader(self._warden.status)
            if not self.gone.done():
                self.gone.set_result(None)

    @classmethod
    async def start(cls, env: Mapping[str, str], cwd: Path, *, timeout_s: float = 60.0) -> Kernel:
        """Return a kernel that answers.

        Args:
            env: Its whole environment.
            cwd: Its working folder.
            timeout_s: Seconds it may take to answer.

        Raises:
            RunBroken: it ended, or did not answer in time.

        """
        folder = _private_folder()
        try:
            warden = await launch(folder, _connection_file(folder), env, cwd)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        kernel = cls(_client(folder), folder, warden)
        try:
            async with asyncio.timeout(timeout_s):
                await kernel._greet()
        except TimeoutError:
            await kernel.stop()
            raise RunBroken(f"The kernel did not answer within {timeout_s:.1f} s.") from None
        except BaseException:
            await kernel.stop()
            raise
        return kernel

    async def _greet(self) -> None:
        await asyncio.wait({self.ready, self.gone}, return_when=asyncio.FIRST_COMPLETED)
        if self.gone.done():
            raise RunBroken(f"The kernel did not start: {self.why_gone()}")
        self.client.start_channels(stdin=False, hb=False, control=False)
        while not await self._answers():
            if self.gone.done():
                raise RunBroken(f"The kernel did not start: {self.why_gone()}")

    async def _answers(self) -> bool:
        """Ask who it is; only its own "idle" proves that the subscription to its output stands (no 200 ms of silence)."""
        asked = self.client.kernel_info()
        try:
            async with asyncio.timeout(ANSWER_S):
                reply = await self.client.shell_channel.get_msg()
                self.language_info = reply["content"].get("language_info", {})
                while True:
                    message = await self.client.iopub_channel.get_msg()
                    if message["parent_header"].get("msg_id") == asked and message["content"].get("execution_state") == "idle":
                        return True
        except TimeoutError:
            return False

    def why_gone(self) -> str:
        """Return how the process ended, for people, with what it said last on its own stderr."""
        code = self._status.code if self._status.code is not None else KILLED
        how = f"killed by {_signal_name(code - 128)}" if code > 128 else f"exit code {code}"
        said = redact((self.folder / "kernel.log").read_text(encoding="utf-8", errors="replace")[-ERROR_TAIL:]).strip()
        return f"{how}. {said}".strip()

    async def stop(self) -> None:
        """End the kernel and every process it started, now; close every descriptor and remove its folder."""
        os.close(self._warden.lifeline)
        await asyncio.wait({self.gone}, timeout=STOP_S)
        if not self.gone.done():
            self._warden.kill()
            asyncio.get_running_loop().remove_reader(self._warden.status)
        self._warden.bury()
        os.close(self._warden.status)
        self.client.stop_channels()
        self.client.context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _private_folder() -> Path:
    base = tempfile.gettempdir()
    base = base if len(os.fsencode(base)) < LONGEST_FOLDER else "/tmp"  # noqa: S108
    _sweep(Path(base))
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))


def _sweep(base: Path) -> None:
    """Remove what is left where runner and warden were both killed at once: folders of ours whose runner is long gone."""
    for folder in base.glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        try:
            about = folder.stat()
            old = about.st_uid == os.getuid() and time.time() - about.st_mtime > SWEPT_AFTER_S
        except OSError:
            continue  # somebody else was faster
        if old and pid.isdecimal() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _connection_file(folder: Path) -> Path:
    ports = {f"{channel}_port": number for number, channel in enumerate(("shell", "iopub", "stdin", "control", "hb"), start=1)}
    info = {"transport": "ipc", "ip": str(folder / "k"), **ports, "key": secrets.token_hex(32), "signature_scheme": "hmac-sha256"}
    (folder / "ipython").mkdir()  # nobody's startup files run, no history is kept
    path = folder / "connection.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(info), encoding="ascii")
    return path


def _client(folder: Path) -> Any:
    import zmq.asyncio
    from jupyter_client.asynchronous.client import AsyncKernelClient

    client = AsyncKernelClient(context=zmq.asyncio.Context())
    client.load_connection_info(json.loads((folder / "connection.json").read_text(encoding="ascii")))
    return client
