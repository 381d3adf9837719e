"""`runbook list`: the catalogue."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("list", epilog="Example: [bold]runbook list --json | jq '.[].name'[/bold]")
    def _list(as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout.")) -> None:
        """Every runbook: its failure mode and what it is for."""
        from helpers.cli.console import print_json, table
        from helpers.runner.catalogue import find_runbooks

        found = find_runbooks().values()
        if as_json:
            print_json([{"name": r.name, "area": r.area, "title": r.title, "summary": r.summary, "path": str(r.path)} for r in found])
            return
        table("", [{"runbook": f"{r.area}/{r.name}", "what is wrong": r.title} for r in found])
