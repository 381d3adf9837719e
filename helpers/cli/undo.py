"""`runbook undo INCIDENT`: put back what an incident's fix changed."""

from __future__ import annotations

import typer

from helpers.cli.complete import incidents


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("undo", epilog="Example: [bold]runbook undo last[/bold] (after a crash at any point of a fix; running it twice is fine)")
    def _undo(
        incident: str = typer.Argument(help="Its id, a part of it, `last`, or its folder.", autocompletion=incidents),
        as_json: bool = typer.Option(False, "--json", help="incident.json on stdout."),
    ) -> None:
        """Undo an incident's fix by the inverse in its evidence."""
        import asyncio

        from helpers.cli.complete import incident_folder
        from helpers.cli.console import print_json, say
        from helpers.incident.recovery import undo

        done, said, document = asyncio.run(undo(incident_folder(incident)))
        say(("✓ " if done else "✗ ") + said)
        if as_json:
            print_json(document.to_json())
        raise typer.Exit(0 if done else 1)
