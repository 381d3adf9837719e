"""`runbook demo`: start the sandbox, break it, find the cause, fix it, prove it, clean up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from helpers.cli.complete import faults


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("demo", epilog="Example: [bold]runbook demo lock_contention[/bold]")
    def _demo(
        fault: str = typer.Argument("missing_index", help="The failure mode.", autocompletion=faults),
        out: Path = typer.Option(Path("incidents"), "--out", envvar="RUNBOOK_INCIDENTS", help="Where incident folders go."),
    ) -> None:
        """Break a private sandbox, run the runbook with its fix applied, and clean up."""
        raise typer.Exit(asyncio.run(_play(fault, out)))


async def _play(fault: str, out: Path) -> int:
    """Return the run's exit code; the sandbox lives in this process and ends with it."""
    import os

    from helpers.cli.console import say
    from helpers.cli.running import run_and_tell
    from helpers.sandbox import Sandbox

    say("Starting the sandbox: PostgreSQL, Redis and a FastAPI application under load …")
    async with Sandbox.start(name=f"demo-{os.getpid()}", progress=say) as sandbox:
        os.environ["RUNBOOK_SANDBOX"] = sandbox.name
        async with sandbox.fault(fault) as injected:
            say(f"\nBroken on purpose: {fault}. The runbook is not told where.\n")
            assignments = [f"{key}={value}" for key, value in injected.parameters.items() if key != "query"]
            return await run_and_tell(fault, assignments, profile="sandbox", apply=True, confirm="", out=out, as_json=False)
