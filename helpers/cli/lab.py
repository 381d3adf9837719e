"""`runbook lab [NAME] [OPTIONS]`: JupyterLab, at the runbook."""

from __future__ import annotations

import typer

from helpers.cli.complete import runbooks

_EXAMPLES = (
    "Examples: [bold]runbook lab[/bold] (the tour) · [bold]runbook lab missing_index[/bold]"
    " · [bold]runbook lab missing_index --no-browser --port 8899[/bold]"
    " · [bold]runbook lab runbooks/postgres/mine.ipynb[/bold] (this file itself)"
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("lab", epilog=_EXAMPLES, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
    def _lab(
        context: typer.Context,
        name: str = typer.Argument("", help="A runbook, or a notebook's path; the tour when left out.", autocompletion=runbooks),
        port: int = typer.Option(8888, "--port", help="Where it listens on 127.0.0.1; the next free one if taken."),
        no_browser: bool = typer.Option(False, "--no-browser", help="Do not open a browser; the address is printed."),
    ) -> None:
        """Open JupyterLab at a working copy of a runbook, or of the tour.

        Kernels use this interpreter and work in this folder: its profiles.toml and .env are read, incidents go to ./incidents,
        working copies to ./incidents/lab. Any further --Class.option=value goes to JupyterLab. Ctrl-C ends server and kernels.
        """
        from helpers.cli.lab_server import serve

        if name.startswith("-"):  # an option of JupyterLab before the name, or without one
            context.args.insert(0, name)
            name = ""
        serve(name, [f"--ServerApp.port={port}", *(["--no-browser"] if no_browser else []), *context.args])
