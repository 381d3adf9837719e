"""Logs wherever they lie: files read here, or an engine that reads them where they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

from helpers.logs.account import FileAccount, Rejected
from helpers.logs.analyses import Entries
from helpers.logs.beyond.spark import SparkLogs
from helpers.logs.beyond.spark_session import SCHEME
from helpers.logs.files import Progress
from helpers.logs.format import Format

__all__ = ["OpenLogs", "elsewhere", "open_logs"]


class OpenLogs(Entries, Protocol):
    """Open logs: they answer SQL, and say where every line went."""

    def account(self) -> list[FileAccount]:
        """Return where every line of every file, or of every path, went."""
        ...

    def rejected(self, limit: int = ..., /) -> Iterator[tuple[Path, Rejected]]:
        """Yield up to `limit` rejected lines a file."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> Any: ...


def elsewhere(patterns: Sequence[str | Path]) -> bool:
    """Return whether an engine beyond this process is to read them."""
    return any(str(one).startswith(SCHEME) for one in patterns)


def open_logs(
    patterns: Sequence[str | Path],
    *,
    as_format: str = "",
    extra: Sequence[Format] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress = lambda _: None,
) -> OpenLogs:
    """Return the logs behind patterns, to be used as a context manager.

    Args:
        patterns: Globs or paths; one that is an engine's address, `spark://…`, says where the others lie.
        as_format: Name of the format of all files; empty: recognised by content.
        extra: Formats of the user's own.
        since: Entries from this moment on.
        until: Entries before this moment.
        progress: Called with the bytes of content counted since its last call; an engine elsewhere does not count them.

    Raises:
        ParameterError: nothing matches, or no format fits.
        Unreachable: the engine is not there.

    """
    if elsewhere(patterns):
        address = next(str(one) for one in patterns if str(one).startswith(SCHEME))
        return SparkLogs.open(
            address, [str(one) for one in patterns if str(one) != address], as_format=as_format, extra=extra, since=since, until=until
        )
    from helpers.logs.engine import Logs

    return Logs.open(patterns, as_format=as_format, extra=extra, since=since, until=until, progress=progress)
