"""`runbook report INCIDENT`: an incident's report as HTML, Markdown or PDF."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal, cast

import typer

from helpers.cli.complete import incidents

FORMATS = ("html", "md", "pdf")
Format = Literal["html", "md", "pdf"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("report", epilog="Examples: [bold]runbook report last --to pdf[/bold] · [bold]runbook report last --to md --out -[/bold]")
    def _report(
        incident: str = typer.Argument(help="Its id, a part of it, `last`, or its folder.", autocompletion=incidents),
        to: str = typer.Option("html", "--to", metavar="html|md|pdf", help="The format."),
        out: str = typer.Option("", "--out", metavar="FILE", help="Where to; - is stdout. Default: report.FORMAT in its folder."),
    ) -> None:
        """Write an incident's report again, or in another format."""
        from helpers.cli.complete import incident_folder
        from helpers.cli.console import say
        from helpers.errors import ParameterError
        from helpers.redaction import write_bytes
        from helpers.report import render

        if to not in FORMATS:
            raise ParameterError(f"There is no format {to!r}.", remedy=f"Use one of {', '.join(FORMATS)}.")
        folder = incident_folder(incident)
        data = render(folder, cast("Format", to))
        if out == "-":
            sys.stdout.buffer.write(data)
            return
        path = Path(out) if out else folder / f"report.{to}"
        write_bytes(path, data)
        say(str(path))
