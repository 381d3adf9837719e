"""`runbook drain`: receive a platform's log drain into files that runbooks read."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog='Example: [bold]runbook drain ~/drain --secret env:DRAIN_SECRET[/bold], then in the profile: logs = ["~/drain/*.ndjson"]'
    )(drain)


def drain(
    folder: Path = typer.Argument(help="Where the files are written: drain.ndjson, and those set aside."),
    secret: str = typer.Option(..., "--secret", help="The drain's signature secret, as env:NAME or file:PATH."),
    port: int = typer.Option(8787, "--port", min=1, max=65535, help="Where it listens."),
    host: str = typer.Option("127.0.0.1", "--host", help="On which address; put a proxy with TLS before it."),
    most_mb: int = typer.Option(10, "--most-mb", min=1, max=1000, help="The largest batch that is taken, in MB."),
) -> None:
    """Take signed batches of a Vercel log drain; what is not signed, too large or sent again is refused. Ends with Ctrl-C."""
    from helpers.cli.console import say
    from helpers.errors import UsageError
    from helpers.logs.drain_file import DrainFile
    from helpers.logs.drain_receiver import Receiver, receiver
    from helpers.settings import resolve

    if not secret.startswith(("env:", "file:")):
        raise UsageError("The secret is given by reference.", remedy="Write --secret env:NAME or file:PATH.")
    value = resolve(secret, where="--secret")
    if not value:
        raise UsageError("The secret is empty.", remedy="Copy it from the drain's settings.")
    try:
        import uvicorn
    except ImportError:
        raise UsageError("A receiver needs uvicorn and starlette.", remedy="pip install 'backend-runbooks[sandbox]'") from None
    target = folder.expanduser()
    say(f"POST to http://{host}:{port}/ is written to {target / 'drain.ndjson'}. Ctrl-C ends it.")
    app = receiver(Receiver(DrainFile(target), value, largest_bytes=most_mb * 1024 * 1024))
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
