"""`runbook show NAME`: one runbook's parameters, what it needs and what it may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    import typer

    from helpers.cli.complete import runbooks

    @app.command("show", epilog="Example: [bold]runbook show missing_index[/bold]")
    def _show(
        name: str = typer.Argument(help="The runbook.", autocompletion=runbooks),
        as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    ) -> None:
        """One runbook: its parameters with types and defaults, what it needs and may change."""
        answer(name, as_json=as_json)


def answer(name: str, *, as_json: bool) -> None:
    """Print what one runbook takes, needs and may change. Raises UsageError when there is none of that name."""
    from helpers.cli.console import print_json, say, table
    from helpers.runner.catalogue import find_runbook

    info = find_runbook(name)
    rows: list[dict[str, Any]] = [
        {"parameter": p.name, "type": p.type, "default": p.default, "meaning": p.description} for p in info.parameters
    ]
    if as_json:
        print_json({"name": info.name, "area": info.area, "title": info.title, "summary": info.summary, "needs": info.needs, "may_change": info.may_change, "path": str(info.path), "parameters": rows})  # fmt: skip
        return
    say(f"{info.title}\n{info.summary}\n\nNeeds: {info.needs}\nMay change: {info.may_change}\n")
    table("", [{k: repr(v) if k == "default" else v for k, v in row.items()} for row in rows])
    say(f"\nrunbook run {info.name} --profile sandbox")
