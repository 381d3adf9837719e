"""`runbook logs …`: the two most asked questions to log files, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from helpers.logs.account import FileAccount
    from helpers.logs.beyond.opened import OpenLogs
    from helpers.logs.format import Format
    from helpers.logs.onset import Onset

FILES = typer.Argument(
    None,
    help="Files or globs, quoted: plain, .gz or .zst, of any known format; - is standard input; spark://… reads the others there. Without any: the profile's.",
)
PROFILE = typer.Option("", "--profile", help="Whose `logs` to read, and whose `log_columns` map JSON of one's own.")
FORMAT = typer.Option("", "--format", help="The format of all files; empty: recognised by content, file by file.")
ROUTES = typer.Option("", "--routes", help="Path or URL of an OpenAPI document, or a Next.js project: the routes that paths belong to.")
SINCE = typer.Option(
    "",
    "--since",
    help="Entries from this moment on: 30m, 2h or 7d ago, or 2026-03-03T08:00 (UTC). Large plain files are searched, not read.",
)
UNTIL = typer.Option("", "--until", help="Entries before this moment.")
SPAN = 'select utc_of(min(epoch_us(timestamp))) as "from", utc_of(max(epoch_us(timestamp))) as until from entries'
JSON = typer.Option(False, "--json", help="One JSON document on stdout.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Ask log files: who is slow or failing, and what one request went through.")
    app.add_typer(
        group,
        name="logs",
        epilog="Example: [bold]runbook logs summary '/var/log/app/*.ndjson.gz'[/bold], [bold]kubectl logs deploy/api | runbook logs summary -[/bold], [bold]runbook logs trace 7c9e6679 'app.log'[/bold]",
    )
    group.command("summary", epilog="Example: [bold]runbook logs summary '/var/log/app/*.gz'[/bold]")(_summary)
    group.command("trace", epilog="Example: [bold]runbook logs trace 7c9e6679 '/var/log/app/*.gz' /var/log/postgresql/*.json[/bold]")(
        _trace
    )
    group.command("follow", epilog="Example: [bold]runbook logs follow '/var/log/app/*.log'[/bold]")(_follow)


def _asked(files: list[str] | None, profile: str) -> tuple[list[str], list[Format], str]:
    """Return the files to read, the formats and the routes of one's own."""
    import asyncio

    from helpers.errors import UsageError
    from helpers.logs.mapping import mapped
    from helpers.settings import load_profile

    own = asyncio.run(load_profile(profile)) if profile else None
    patterns = list(files or (own.logs if own else []))
    if not patterns:
        raise UsageError("No log file is named.", remedy="Name files or globs, - for standard input, or a --profile with `logs`.")
    return patterns, [mapped(own.log_columns)] if own and own.log_columns else [], own.log_routes if own else ""


@contextmanager
def _reading(
    files: list[str] | None, as_format: str, profile: str, routes: str | None = None, *, since: str = "", until: str = ""
) -> Iterator[OpenLogs]:
    """Open the logs with a bar; with `routes` (empty: the profile's), paths become routes, given or learned ones."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    from helpers.logs.beyond.opened import elsewhere, open_logs
    from helpers.logs.files import find_files
    from helpers.logs.moments import moment
    from helpers.logs.routes import use_routes
    from helpers.logs.unpacking import STDIN

    patterns, extra, own_routes = _asked(files, profile)
    within = {"since": moment(since), "until": moment(until)}
    counted = [] if elsewhere(patterns) else find_files([p for p in patterns if p != STDIN])
    total = sum(path.stat().st_size for path in counted) or None
    bar = Progress(TextColumn("reading"), BarColumn(), DownloadColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    with bar:
        task = bar.add_task("", total=total)
        logs = open_logs(patterns, as_format=as_format, extra=extra, **within, progress=lambda read: bar.advance(task, read))
    with logs:
        if routes is not None:
            use_routes(logs, routes or own_routes)
        yield logs


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON values: times in ISO 8601 (UTC), NULL as null."""
    import json

    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", date_format="iso"))
    return rows


def _summary(
    files: list[str] | None = FILES,
    as_format: str = FORMAT,
    profile: str = PROFILE,
    routes: str = ROUTES,
    since: str = SINCE,
    until: str = UNTIL,
    as_json: bool = JSON,
) -> None:
    """Routes by time spent, errors by fingerprint, the slowest requests, and where every line went."""
    from helpers.cli.console import print_json, say, table
    from helpers.cli.logs_shown import fingerprints, short

    with _reading(files, as_format, profile, routes, since=since, until=until) as logs:
        accounts, began, whole = logs.account(), _began(logs), _whole(logs)
        told = {"files": [_told(account) for account in accounts], **_found(logs), "onset": _onset(began), **_clocks(logs)}
        rejected = [{"file": path.name, "line": r.line, "reason": r.reason, "text": r.text} for path, r in logs.rejected(5)]
    if as_json:
        print_json({**told, "rejected": rejected})
        return
    shown = {"routes": told["routes"], "errors": fingerprints(told["errors"], logs_from=told["span"]["from"]), "slowest": told["slowest"]}
    for name, rows in (*shown.items(), ("rejected", rejected)):
        if rows:
            table(name.capitalize(), [short(row) for row in rows[:10]])
    say(f"The logs run from {told['span']['from'] or 'no time that is known'} to {told['span']['until'] or 'none'} (UTC).")
    if began.at:
        table("What explains it", [asdict(part) for part in began.parts[:5]])
    say(f"Onset of errors: {began.why}")
    _say_clocks(told)
    for line in (*(account.summary for account in accounts), *whole):
        say(line)


def _began(logs: OpenLogs) -> Onset:
    from helpers.logs.onset import onset

    return onset(logs)


def _found(logs: OpenLogs) -> dict[str, Any]:
    """Return the answers of the analyses, and from when to when the logs run, as JSON values."""
    from helpers.logs.analyses import analyse

    return {
        "span": _records(logs.frame(SPAN, {}))[0],
        "routes": _records(analyse(logs, "routes")),
        "errors": _records(analyse(logs, "errors")),
        "slowest": _records(analyse(logs, "slowest", count=5)),
    }


def _whole(logs: OpenLogs) -> list[str]:
    """Return which large files were not searched for the window, and why."""
    from helpers.logs.engine import Logs

    return [f"{path} was read whole: {why}." for path, why in logs.window.whole.items()] if isinstance(logs, Logs) else []


def _clocks(logs: OpenLogs) -> dict[str, Any]:
    """Return how the clocks of the sources differ, and what is out of order in each file, as JSON values; of files read here only."""
    from helpers.logs.disorder import disorder
    from helpers.logs.engine import Logs
    from helpers.logs.skew import offsets

    if not isinstance(logs, Logs):
        return {"clocks": [], "out_of_order": []}
    return {
        "clocks": [{**asdict(one), "summary": one.summary} for one in offsets(logs)],
        "out_of_order": [{**asdict(one), "path": str(one.path)} for one in disorder(logs)],
    }


def _say_clocks(clocks: dict[str, Any]) -> None:
    """Say what latency does not explain."""
    from helpers.cli.console import say
    from helpers.logs.skew import Told

    for one in clocks["clocks"]:
        if one["told"] in (Told.CLOCKS, Told.CONSTANT):
            say(f"Clocks: {one['summary']}")
    for one in clocks["out_of_order"]:
        if one["behind"]:
            say(
                f"{one['path']}: {one['behind']:,} of {one['entries']:,} entries stand behind younger ones, by {one['most_s']:,.3f} s at most."
            )


def _told(account: FileAccount) -> dict[str, Any]:
    """Return a file's account as JSON values."""
    names = ("format", "lines", "parsed", "rejected", "blank", "unfinished", "truncated")
    return {"file": str(account.path), **{name: getattr(account, name) for name in names}, "mismatched": dict(account.mismatched)}


def _onset(began: Onset) -> dict[str, Any]:
    """Return it as JSON values."""
    return {**asdict(began), "at": f"{began.at:%Y-%m-%dT%H:%M:%SZ}" if began.at else None, "parts": [asdict(part) for part in began.parts]}


def _trace(
    request_id: str = typer.Argument(help="A request id, a trace id, or a word of the statement's comment."),
    files: list[str] | None = FILES,
    as_format: str = FORMAT,
    profile: str = PROFILE,
    since: str = SINCE,
    until: str = UNTIL,
    as_json: bool = JSON,
) -> None:
    """Every log entry of one request, in order of time, across the API's, PostgreSQL's and Redis' logs. Exit 1 when there is none."""
    from helpers.cli.console import print_json, say, table
    from helpers.cli.logs_shown import waterfall
    from helpers.logs.analyses import analyse

    with _reading(files, as_format, profile, since=since, until=until) as logs:
        rows = _records(analyse(logs, "trace", id=request_id))
        lines = sum(account.lines for account in logs.account())
    if as_json:
        print_json({"id": request_id, "entries": rows, "lines": lines})
    elif rows:
        table(request_id, waterfall(rows))
    else:
        say(f"No entry of {request_id} in {lines:,} lines.")
    raise typer.Exit(0 if rows else 1)


def _follow(
    files: list[str] | None = FILES,
    as_format: str = FORMAT,
    profile: str = PROFILE,
    from_start: bool = typer.Option(False, "--from-start", help="Read what is there already, too."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document a minute on stdout."),
) -> None:
    """Requests, errors and latency minute by minute, while the logs are written, through rotations; Ctrl-C ends it, and says where every line went."""
    from helpers.cli.logs_follow import run

    patterns, extra, _ = _asked(files, profile)
    run(patterns, as_format=as_format, extra=extra, from_start=from_start, as_json=as_json)
