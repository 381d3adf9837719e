"""`runbook lint [PATH…]`: notebooks against the rules of the house."""

from __future__ import annotations

from pathlib import Path

import typer

_EXAMPLES = (
    "Examples: [bold]runbook lint[/bold] (every runbook and tour) · [bold]runbook lint runbooks/postgres/mine.ipynb[/bold]"
    " · [bold]runbook lint . --json | jq '.problems[].rule'[/bold]"
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("lint", epilog=_EXAMPLES)
    def _lint(
        paths: list[Path] = typer.Argument(
            None, metavar="[PATH]...", help="Notebooks, or folders of them; every runbook and tour when left out."
        ),
        as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    ) -> None:
        """Check notebooks: their steps, parameters, cells, names, and that they hold no secret and no outputs.

        One line per problem, `path:cell N: what it is; what would be right`, cells counted from 1. Exit 0: none; 1: some; 2: bad usage.
        """
        from helpers.cli.console import print_json, say
        from helpers.runner.lint import lint, notebooks

        books = notebooks(paths or [])
        found = [one for path in books for one in lint(path)]
        if as_json:
            shown = [{"path": str(f.path), "cell": f.problem.cell, "id": f.id, "rule": f.rule, "what": f.problem.what, "right": f.problem.right} for f in found]  # fmt: skip
            print_json({"notebooks": len(books), "problems": shown})
        else:
            said = f"{len(found)} problem{'s' * (len(found) != 1)} in {len(books)} notebook{'s' * (len(books) != 1)}."
            say("\n".join([*map(str, found), said]))
        raise typer.Exit(1 if found else 0)
