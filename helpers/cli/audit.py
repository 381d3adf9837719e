"""`runbook audit INCIDENT`: hash the evidence again."""

from __future__ import annotations

import typer

from helpers.cli.complete import incidents


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("audit", epilog="Example: [bold]runbook audit last[/bold] (exit 1 when anything was changed, removed or re-ordered)")
    def _audit(
        incident: str = typer.Argument(help="Its id, a part of it, `last`, or its folder.", autocompletion=incidents),
        as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    ) -> None:
        """Check that an incident's evidence is whole and unchanged."""
        from helpers.cli.complete import incident_folder
        from helpers.cli.console import print_json, say
        from helpers.incident.evidence import audit

        folder = incident_folder(incident)
        problems = audit(folder)
        if as_json:
            print_json({"incident": folder.name, "sound": not problems, "problems": problems})
        for problem in problems:
            say(f"✗ {problem}")
        if not problems:
            say(f"✓ The evidence of {folder.name} is whole: every record and table hashes to what it says.")
        raise typer.Exit(1 if problems else 0)
