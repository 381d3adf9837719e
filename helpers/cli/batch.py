"""`runbook batch PLAN.yaml`: many runs, each in its own process, with a journal that survives a kill."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        "batch",
        epilog="Example: [bold]runbook batch nightly.yaml --workers 4[/bold], and after a crash the same with [bold]--resume[/bold]. The plan's form: docs/batch.md",
    )
    def _batch(
        plan: Path = typer.Argument(help="The plan; it is checked whole before anything starts."),
        workers: int = typer.Option(2, "--workers", min=1, max=64, help="Runs at once."),
        resume: bool = typer.Option(False, "--resume", help="Continue the newest batch of this plan: nothing twice, nothing lost."),
        out: Path = typer.Option(Path("batches"), "--out", help="Where batch folders go."),
        incidents: Path = typer.Option(Path("incidents"), "--incidents", envvar="RUNBOOK_INCIDENTS", help="Where incident folders go."),
        as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    ) -> None:
        """Run a plan of runbooks; ends with a summary page and junit.xml."""
        import asyncio
        from dataclasses import asdict

        from helpers.cli.console import print_json, say
        from helpers.runner import run_batch

        result = asyncio.run(run_batch(plan, workers, resume=resume, out=out, incidents=incidents, say=say))
        say(f"\n{result.folder / 'index.html'}")
        if as_json:
            runs = [{"name": name, **asdict(outcome)} for name, outcome in result.outcomes.items()]
            print_json({"folder": str(result.folder), "exit_code": result.exit_code, "runs": runs})
        raise typer.Exit(result.exit_code)
