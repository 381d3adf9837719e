"""The command line `runbook …`, one file per command.

Every command's text to people goes to stderr; `--json` prints one JSON document on stdout and nothing else there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module

from helpers.errors import RunbookError

__all__ = ["main"]

COMMANDS = (
    "list", "show", "triage", "serve", "run", "batch", "report", "undo", "audit", "logs", "drain", "sandbox", "lab", "demo", "drill",
    "lint", "new",
)  # fmt: skip


def main() -> None:
    """Run the command line; exit codes as the verdicts say, 2 for bad usage, 4 for a run that broke."""
    from helpers.cli.console import complain
    from helpers.cli.quick import answered

    try:
        if not answered(sys.argv[1:]):
            _begin(sys.argv[1:2])
            _parse(sys.argv[1:])
    except RunbookError as error:
        complain(error.reason, error.remedy)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("Interrupted.")
        sys.exit(4)


def _begin(words: list[str]) -> None:
    """Let a run's kernel be imported while the words are read and checked; a mistake ends it, and nothing was started."""
    if words == ["run"] and not any(name.endswith("_COMPLETE") for name in os.environ):
        from helpers.runner import zygote

        zygote.start(lean=True)


def _parse(given: list[str]) -> None:
    """Let typer read the words and run the command; help is kept for the next time."""
    words = [word for word in given if not word.startswith("-")]
    app = _app(words[0] if words and words[0] in COMMANDS else None)
    if given and given[-1] in ("--help", "-h"):
        from helpers.cli.remembered import remembering

        with remembering(given):
            app()
    app()


def _app(wanted: str | None) -> Callable[[], None]:
    """Build the application: the wanted command's file alone where there is one, all of them for --help and completion."""
    import typer

    app = typer.Typer(
        name="runbook", no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
        help="Runbooks for backend incidents: they name the cause with evidence, preview the fix, and prove it.",
        epilog="Try it: [bold]runbook demo[/bold]. Own systems: [bold]runbook run missing_index --profile NAME[/bold] (see docs/profiles.md).",
    )  # fmt: skip
    for name in (wanted,) if wanted else COMMANDS:
        module = import_module(f"helpers.cli.{name}")
        module.register(app)
    if wanted:
        app.callback()(_root)  # keeps `runbook COMMAND` a group when only one command is loaded
    return app


def _root() -> None:
    """Runbooks for backend incidents."""
