"""`runbook list`: the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    import typer

    @app.command("list", epilog="Example: [bold]runbook list --json | jq '.[].name'[/bold]")
    def _list(as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout.")) -> None:
        """Every runbook: its failure mode and what it is for."""
        answer(as_json=as_json)


def answer(*, as_json: bool) -> None:
    """Print the catalogue."""
    from helpers.cli.console import print_json, table
    from helpers.runner.catalogue import find_runbooks

    found = find_runbooks().values()
    if as_json:
        print_json([{"name": r.name, "area": r.area, "title": r.title, "summary": r.summary, "path": str(r.path)} for r in found])
        return
    table("", [{"runbook": f"{r.area}/{r.name}".lstrip("/"), "what is wrong": r.title} for r in found])
