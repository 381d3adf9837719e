"""`runbook logs follow`: what comes in, minute by minute, until Ctrl-C."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.live import Live

    from helpers.logs.format import Format
    from helpers.logs.minutes import Minute

__all__ = ["run"]

SHOWN = 15  # minutes of the table


class _Screen(Protocol):
    def show(self, over: Sequence[Minute], current: Sequence[Minute]) -> None: ...


def run(patterns: Sequence[str], *, as_format: str, extra: Sequence[Format], from_start: bool, as_json: bool) -> None:
    """Print each minute: a table that is kept up to date on a terminal, a line for each that is over elsewhere; at the end where every line went."""
    from helpers.cli.console import say
    from helpers.logs.follow import follow
    from helpers.logs.minutes import Minutes

    minutes, accounts, batches = Minutes(), [], follow(patterns, as_format=as_format, extra=extra, from_start=from_start)
    with _screen(as_json) as screen:
        try:
            for batch in batches:
                accounts = list(batch.accounts)
                minutes.add(batch.entries)
                screen.show(list(minutes.over()), minutes.current())
        except KeyboardInterrupt:
            pass  # how following ends
        batches.close()  # type: ignore[attr-defined]
        screen.show(list(minutes.over(all_of_them=True)), [])
    if minutes.late:
        say(f"{minutes.late:,} entries came after their minute was over, and are in none.")
    for account in accounts:
        say(account.summary)


@contextmanager
def _screen(as_json: bool) -> Iterator[_Screen]:
    from rich.console import Console
    from rich.live import Live

    if as_json or not sys.stderr.isatty():
        yield _Json() if as_json else _Lines()
        return
    with Live(console=Console(stderr=True), auto_refresh=False) as live:
        yield _Table(live)


class _Json:
    def show(self, over: Sequence[Minute], current: Sequence[Minute]) -> None:
        del current
        for minute in over:
            sys.stdout.write(json.dumps(minute.told()) + "\n")
        sys.stdout.flush()


class _Lines:
    def show(self, over: Sequence[Minute], current: Sequence[Minute]) -> None:
        from helpers.cli.console import say

        del current
        for minute in over:
            say(minute.line())


class _Table:
    def __init__(self, live: Live) -> None:
        self._live = live
        self._over: deque[Minute] = deque(maxlen=SHOWN)

    def show(self, over: Sequence[Minute], current: Sequence[Minute]) -> None:
        from rich.table import Table

        self._over.extend(over)
        drawn = Table(show_edge=False)
        rows = [minute.told() for minute in (*self._over, *current)][-SHOWN:]
        for name in rows[0] if rows else ("minute",):
            drawn.add_column(name, justify="left" if name == "minute" else "right")
        for row in rows:
            drawn.add_row(*(f"{v:,.0f}" if isinstance(v, (int, float)) else str(v or "") for v in row.values()))
        self._live.update(drawn, refresh=True)
