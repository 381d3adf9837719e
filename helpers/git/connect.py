"""One git checkout, read as it lies there; git and ruff run as child processes, without a shell and with a time-out.

Nothing in the checkout is imported or run: its code is text.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from pathlib import Path
from typing import ClassVar

from helpers.errors import BadAnswer, Refused, TimedOut, Unreachable

__all__ = ["Checkout", "open_session"]

COMMAND_S = 20.0
LARGEST_BYTES = 1_000_000  # generated code: nobody writes such a file by hand
MOST_FILES = 20_000
# A checkout's own settings may name programs to run (fsmonitor, textconv, hooks); a question must run none of them.
SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external=", "-c", "protocol.ext.allow=never")


class Checkout:
    """A session with one checkout; `root` is the folder that was named, which may be a part of its repository."""

    system: ClassVar[str] = "code"

    def __init__(self, root: Path) -> None:
        self.root = root
        self._commands = 0
        self._time_ms = 0.0

    async def git(self, *arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> str:
        """Return what git prints. Raises BadAnswer when it fails, TimedOut, or Unreachable when there is no git."""
        return await self._run("git", *SAFE, *arguments, stdin=stdin, environment=environment)

    async def ruff(self, rules: str) -> str:
        """Return ruff's findings of these rules as JSON; the checkout's own configuration is not read."""
        arguments = ("check", "--isolated", "--no-cache", "--exit-zero", "--output-format", "json", "--select", rules, ".")
        return await self._run(_program("ruff"), *arguments)

    async def py_spy(self, pid: int) -> str:
        """Return the stacks of a local process's threads as JSON; it is not paused. Raises Refused when it may not be looked into."""
        try:
            return await self._run(_program("py-spy"), "dump", "--nonblocking", "--json", "--pid", str(pid))
        except BadAnswer as problem:
            remedy = "Run as the user of that process; in a container or with ptrace_scope set, as root or with CAP_SYS_PTRACE."
            raise Refused("code", problem.reason, remedy=remedy) from None

    async def _run(self, *command: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> str:
        began = time.perf_counter()
        safe = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(environment or {})}
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=self.root, env={**os.environ, **safe}, stdin=pipe, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise Unreachable("code", f"{Path(command[0]).name} cannot be run: {error.strerror}.", remedy="Install git.") from None
        try:
            async with asyncio.timeout(COMMAND_S):
                out, problem = await process.communicate(stdin)
        except TimeoutError:
            raise TimedOut("code", f"{Path(command[0]).name} did not end within {COMMAND_S:.0f} s.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        self._commands += 1
        self._time_ms += (time.perf_counter() - began) * 1000
        if process.returncode:
            raise BadAnswer("code", f"{Path(command[0]).name} failed: {problem.decode(errors='replace').strip()[:500]}")
        return out.decode("utf-8", errors="replace")

    async def ping(self) -> str:
        """Return the checkout's name, commit and branch. Raises Unreachable when it is no checkout."""
        if not self.root.is_dir():
            raise Unreachable("code", f"{self.root} is no folder.", remedy="Name a git checkout as the profile's `code`.")
        try:
            head = (await self.git("rev-parse", "--short", "HEAD")).strip()
        except BadAnswer as problem:
            raise Unreachable("code", f"{self.root} is no git checkout with a commit.", remedy=problem.reason) from None
        branch = (await self.git("rev-parse", "--abbrev-ref", "HEAD")).strip()
        return f"{self.root.name} at {head} ({branch})"

    async def identity(self) -> str:
        """Return which repository this is: where its objects are."""
        return os.path.realpath(self.root / (await self.git("rev-parse", "--git-common-dir")).strip())  # noqa: ASYNC240 - one look at a local folder

    async def files(self, suffix: str = ".py") -> list[str]:
        """Return the paths of tracked and new files of a kind, relative to the root; what git ignores and what is huge is left out."""
        listed = await self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f"*{suffix}")
        found = [name for name in dict.fromkeys(listed.split("\0")) if name and self._is_readable(self.root / name)]
        return sorted(found)[:MOST_FILES]

    def _is_readable(self, path: Path) -> bool:
        return path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_BYTES

    def is_readable(self, name: str) -> bool:
        """Return whether a path is a plain file that is not huge; a link may lead out of the checkout, and is not followed."""
        return self._is_readable(self.root / name)

    def text(self, name: str) -> str:
        """Return a file as it lies there. Raises BadAnswer when it cannot be read."""
        try:
            return (self.root / name).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise BadAnswer("code", f"{name} cannot be read: {error.strerror}.") from None

    def footprint(self) -> dict[str, float]:
        """Return the `commands` run and their `time_ms`."""
        return {"commands": self._commands, "time_ms": round(self._time_ms, 1)}

    async def close(self) -> None:
        """Nothing is held between questions."""


def _program(name: str) -> str:
    """Return where it is: beside the interpreter, for `python -m` would import from the checkout. Raises Unreachable when it is nowhere."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise Unreachable("code", f"{name} is not installed.", remedy=f"pip install {name}")
    return found


async def open_session(address: str, *, application_name: str) -> Checkout:
    """Return a session with the checkout at `address`. Raises Unreachable when it is none.

    Args:
        address: A folder.
        application_name: Not used: files do not know who reads them.

    """
    checkout = Checkout(Path(address).expanduser().absolute())  # noqa: ASYNC240 - names, no files
    await checkout.ping()
    return checkout
