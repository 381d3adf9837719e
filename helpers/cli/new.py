"""`runbook new AREA/NAME`: the files of a new failure mode, for a person to fill in."""

from __future__ import annotations

import typer

from helpers.cli.complete import runbooks

_EXAMPLES = (
    "Examples: [bold]runbook new postgres/slow_disk[/bold] · [bold]runbook new api/slow_uploads --system logs[/bold]"
    " · [bold]runbook new redis/lost_jobs --from missing_ttl --dry-run[/bold]"
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("new", epilog=_EXAMPLES)
    def _new(
        name: str = typer.Argument(metavar="AREA/NAME", help="The failure mode, in snake_case: postgres/slow_disk."),
        system: str = typer.Option(
            "", "--system", help="Whose evidence decides: postgres, redis, api, logs or code; by default the area's."
        ),
        begin_from: str = typer.Option("", "--from", metavar="RUNBOOK", help="Copy this runbook's notebook.", autocompletion=runbooks),
        dry_run: bool = typer.Option(False, "--dry-run", help="List the files, and write none."),
    ) -> None:
        """Begin a failure mode: a notebook that passes `runbook lint`, a check, a fault and their tests, marked where to write.

        In a checkout of this project. Elsewhere the notebook alone, below ./runbooks, where `runbook list` finds it. Nothing is overwritten.
        """
        from helpers.cli.console import say
        from helpers.runner.scaffold import planned, write

        plan = planned(name, system=system, begin_from=begin_from)
        write(plan, dry_run=dry_run)
        say("\n".join(["Would write:" if dry_run else "Written:", *(f"  {path}" for path in plan.files)]))
        say("\n".join(["", "Next:", *(f"  {line}" for line in plan.then)]))
