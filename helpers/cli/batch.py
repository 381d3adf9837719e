"""`runbook batch PLAN.yaml`: many runs, each in its own process, with a journal that survives a kill."""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLES = """Examples:
[bold]runbook batch nightly.yaml --check[/bold] (what would run; nothing is started)
[bold]runbook batch nightly.yaml --workers 4[/bold], and after a crash the same with [bold]--resume[/bold]
[bold]runbook batch nightly.yaml --scheduler tcp://scheduler:8786 --workers 32 --out s3://bucket/batches[/bold]
The plan's form: docs/batch.md. The exit code is the worst of the runs', in the order 0, 1, 3, 2, 4."""

RUN_LIMIT = typer.Option(None, "--run-limit", min=1, metavar="SECONDS", help="What one run may take; default: the plan's.")
BATCH_LIMIT = typer.Option(None, "--batch-limit", min=1, metavar="SECONDS", help="What the batch may take, from now; default: the plan's.")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("batch", epilog=EXAMPLES.replace("\n", "\n\n"))
    def _batch(
        plan: Path = typer.Argument(help="The plan; it is checked whole before anything starts."),
        check: bool = typer.Option(False, "--check", help="Check the plan and list its runs; start nothing."),
        workers: int = typer.Option(2, "--workers", min=1, max=1024, help="Runs at once."),
        resume: bool = typer.Option(False, "--resume", help="Continue the newest batch of this plan: nothing twice, nothing lost."),
        run_s: float | None = RUN_LIMIT,
        batch_s: float | None = BATCH_LIMIT,
        out: str = typer.Option("batches", "--out", help="Where batch folders go; an address such as s3://… gets a copy of everything."),
        incidents: Path = typer.Option(Path("incidents"), "--incidents", envvar="RUNBOOK_INCIDENTS", help="Where incident folders go."),
        scheduler: str = typer.Option("", "--scheduler", metavar="ADDRESS", help="Run on a Dask cluster (tcp://…), not on this machine."),
        as_json: bool = typer.Option(False, "--json", help="JSON lines on stdout: each run as it ends, then the batch."),
    ) -> None:
        """Run a plan of runbooks; ends with a page, a table, junit.xml, and what changed since the batch before."""
        import asyncio

        from helpers.cli.batching import check_and_tell, run_and_tell

        if check:
            raise typer.Exit(asyncio.run(check_and_tell(plan, here=not scheduler, as_json=as_json)))
        limits = {"run_timeout_s": run_s, "batch_timeout_s": batch_s}
        running = run_and_tell(plan, workers, as_json=as_json, scheduler=scheduler, resume=resume, out=out, incidents=incidents, **limits)
        raise typer.Exit(asyncio.run(running))
