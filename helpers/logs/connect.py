"""The logs of a profile as a session: which files they are, opened anew for each question, for they grow."""

from __future__ import annotations

import asyncio
import glob
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from helpers.errors import BadAnswer, ParameterError, RunbookError, TimedOut
from helpers.logs.beyond.spark_session import SCHEME
from helpers.logs.engine import Logs
from helpers.logs.files import compression_of, find_files
from helpers.logs.mapping import mapped
from helpers.logs.moments import moment
from helpers.logs.routes import use_routes
from helpers.logs.stopping import Stop, stoppable
from helpers.settings import Profile

__all__ = ["LogFiles", "open_session"]

MOST_PACKED = 256 << 20  # bytes of archives that are read for one question; a plain file of any size is searched for its part
T = TypeVar("T")


class LogFiles:
    """The log files of one profile; nothing is ever written to them."""

    system: ClassVar[str] = "logs"

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._questions = 0

    async def ping(self) -> str:
        """Return how many files there are. Raises BadAnswer when there are none, or an engine elsewhere is to read them."""
        if any(path.startswith(SCHEME) for path in self._profile.logs):
            remedy = "`runbook logs summary --profile …` asks there; a profile with local files of today can be asked in passing."
            raise BadAnswer("logs", "The logs lie on another engine, which is not asked in passing.", remedy=remedy)
        try:
            found = find_files(self._profile.logs)
        except ParameterError as none:
            raise BadAnswer("logs", none.reason, remedy=none.remedy) from None
        return f"{len(found)} files, {sum(path.stat().st_size for path in found):,} bytes"

    async def ask(self, question: Callable[[Logs], T], since: datetime | None, *, timeout_s: float = 60.0) -> T:
        """Return what `question` returns of the entries from `since` on (None: all); files last written before it are left alone.

        Raises:
            TimedOut: it took longer than `timeout_s` seconds; it was ended.
            BadAnswer: there is nothing to read, no format fits, or archives are too large to be read for a question in passing.

        """
        self._questions += 1
        try:
            async with asyncio.timeout(timeout_s):
                return await stoppable(lambda stop: self._asked(question, since, stop))
        except TimeoutError:
            remedy = "Ask about less time, or `runbook logs summary --since …`, which shows how far it is."
            raise TimedOut("logs", f"They were not read within {timeout_s:g} s.", remedy=remedy) from None
        except RunbookError as problem:
            raise BadAnswer("logs", problem.reason, remedy=problem.remedy) from None

    async def ask_sql(self, sql: Path, since: str, *, timeout_s: float = 60.0, **parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of the SQL in a file over the entries since a moment such as `30m` (empty: all). Raises as `ask`, and ParameterError."""
        return await self.ask(lambda logs: logs.rows(sql.read_text(encoding="utf-8"), parameters), moment(since), timeout_s=timeout_s)

    def _asked(self, question: Callable[[Logs], T], since: datetime | None, stop: Stop) -> T:
        extra = [mapped(self._profile.log_columns)] if self._profile.log_columns else []
        with Logs.open(self._recent(since), extra=extra, since=since, progress=stop.progress) as logs:
            use_routes(stop.holds(logs), self._profile.log_routes)
            return question(logs)

    def _recent(self, since: datetime | None) -> list[str]:
        files = [
            path for path in find_files(self._profile.logs) if since is None or datetime.fromtimestamp(path.stat().st_mtime, UTC) >= since
        ]
        if not files:
            raise ParameterError(f"No log file was written to since {since:%Y-%m-%d %H:%M} UTC.", remedy="Are these the files in use?")
        packed = sum(path.stat().st_size for path in files if compression_of(path) != "none")
        if since and packed > MOST_PACKED:
            raise ParameterError(f"{packed:,} bytes of archives are too much to be read in passing.", remedy="Ask `runbook logs summary`.")
        return [glob.escape(str(path)) for path in files]

    def footprint(self) -> dict[str, Any]:
        """Return how many questions were asked."""
        return {"questions": self._questions}

    async def close(self) -> None:
        """Nothing is held between questions."""


async def open_session(profile: Profile, *, application_name: str) -> LogFiles:
    """Return the session. Raises BadAnswer when no file matches.

    Args:
        profile: Whose `logs`, `log_columns` and `log_routes` they are.
        application_name: Not used: files do not know who reads them.

    """
    files = LogFiles(profile)
    await files.ping()
    return files
