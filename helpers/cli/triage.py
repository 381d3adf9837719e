"""`runbook triage`: which runbook fits what is wrong right now."""

from __future__ import annotations

from pathlib import Path

import typer

from helpers.cli.complete import profiles

EXAMPLES = """Examples:
[bold]runbook triage --profile sandbox[/bold]
[bold]runbook triage --profile shop -p endpoint='GET /orders?customer_id=42'[/bold] (for every runbook with that parameter)
[bold]runbook triage --profile shop --json[/bold]
[bold]runbook triage --profile shop --alert alert.json[/bold] (as Alertmanager, Grafana, Sentry or Datadog sent it; - is standard input)
It reads, and never changes anything. Exit codes: 0 nothing is wrong, 1 something is, 2 bad usage, 3 it cannot be said."""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("triage", epilog=EXAMPLES.replace("\n", "\n\n"))
    def _triage(
        profile: str = typer.Option("sandbox", "--profile", help="Which systems; see docs/profiles.md.", autocompletion=profiles),
        parameter: list[str] = typer.Option([], "-p", "--parameter", metavar="KEY=VALUE", help="For every runbook that has it."),
        alert: str = typer.Option("", "--alert", metavar="FILE|-", help="The webhook JSON of an alert; what it speaks of is asked first."),
        budget_s: float = typer.Option(25.0, "--budget", metavar="SECONDS", min=3.0, help="How long to look."),
        out: Path = typer.Option(Path("incidents"), "--out", envvar="RUNBOOK_INCIDENTS", help="Where incident folders go."),
        as_json: bool = typer.Option(False, "--json", help="The ranking on stdout."),
    ) -> None:
        """Which runbook fits what is wrong right now, ranked, with evidence: read-only, in under 30 s."""
        import asyncio

        from helpers.cli.triaging import triage_and_tell

        raise typer.Exit(asyncio.run(triage_and_tell(profile, parameter, budget_s=budget_s, out=out, as_json=as_json, alert=alert)))
