"""`runbook lab [NAME]`: JupyterLab, at the runbook."""

from __future__ import annotations

import typer

from helpers.cli.complete import runbooks


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("lab", context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
                 epilog="Examples: [bold]runbook lab missing_index[/bold] · [bold]runbook lab -- --no-browser --port 8899[/bold]")  # fmt: skip
    def _lab(
        context: typer.Context, name: str = typer.Argument("", help="The runbook; the tour when left out.", autocompletion=runbooks)
    ) -> None:
        """Open JupyterLab at a runbook, or at the tour; further options go to JupyterLab."""
        from helpers.cli.lab_server import serve

        raise typer.Exit(serve(name, context.args))
