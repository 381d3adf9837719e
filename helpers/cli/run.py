"""`runbook run NAME`: one runbook by papermill, with live progress, to a verdict and a report."""

from __future__ import annotations

from pathlib import Path

import typer

from helpers.cli.complete import profiles, runbooks

EXAMPLES = """Examples:
[bold]runbook run missing_index --profile sandbox[/bold] (a dry run: nothing is changed)
[bold]runbook run missing_index --profile shop -p endpoint='GET /orders?customer_id=42' -p slo_p95_ms=200[/bold]
[bold]runbook run lock_contention --profile shop --apply[/bold]
Exit codes: 0 healthy or resolved, 1 a cause was found, 2 bad usage, 3 undecided or unreachable, 4 the run broke."""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("run", epilog=EXAMPLES.replace("\n", "\n\n"))
    def _run(
        name: str = typer.Argument(help="The runbook, by name or path.", autocompletion=runbooks),
        parameter: list[str] = typer.Option([], "-p", "--parameter", metavar="KEY=VALUE", help="A parameter of its parameters cell."),
        profile: str = typer.Option("", "--profile", help="Which systems; see docs/profiles.md.", autocompletion=profiles),
        apply: bool = typer.Option(False, "--apply", help="Apply the fix; without it, a dry run."),
        confirm: str = typer.Option("", "--confirm", metavar="PROFILE", help="A protected profile's name, typed."),
        triage: str = typer.Option("", "--from", metavar="TRIAGE", help="What a triage of the last minutes read is not read again."),
        out: Path = typer.Option(Path("incidents"), "--out", envvar="RUNBOOK_INCIDENTS", help="Where incident folders go."),
        as_json: bool = typer.Option(False, "--json", help="incident.json on stdout."),
    ) -> None:
        """Run one runbook: cause, fix previewed or applied, proof, report."""
        import asyncio

        from helpers.cli.running import run_and_tell

        raise typer.Exit(
            asyncio.run(
                run_and_tell(name, parameter, profile=profile, apply=apply, confirm=confirm, out=out, as_json=as_json, triage=triage)
            )
        )
