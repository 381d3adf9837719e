"""`runbook serve`: a receiver of alerts; each becomes a triage."""

from __future__ import annotations

from pathlib import Path

import typer

from helpers.cli.complete import profiles

EXAMPLES = """Examples:
[bold]runbook serve --profile shop --token env:RUNBOOK_TOKEN[/bold] (Alertmanager, Datadog: Authorization: Bearer …)
[bold]runbook serve --profile shop --secret env:RUNBOOK_SECRET --notify env:SLACK_URL --link-base https://reports.example[/bold] (Grafana, Sentry)
It reads, and never changes anything. How each sender is set up: docs/serve.md."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", epilog=EXAMPLES.replace("\n", "\n\n"))(serve)


def serve(
    profile: str = typer.Option("", "--profile", help="Which systems are asked; whatever the map does not name.", autocompletion=profiles),
    label_map: Path = typer.Option(None, "--map", help="A TOML file: label → its value → profile."),
    token: str = typer.Option("", "--token", help="Bearer token, as env:NAME or file:PATH."),
    secret: str = typer.Option("", "--secret", help="Secret of HMAC SHA-256 signatures, as env:NAME or file:PATH."),
    insecure: bool = typer.Option(False, "--insecure", help="Believe whoever reaches the port; on a loopback address only."),
    host: str = typer.Option("127.0.0.1", "--host", help="On which address; put a proxy with TLS before it."),
    port: int = typer.Option(8788, "--port", min=1, max=65535, help="Where it listens."),
    notify: str = typer.Option("", "--notify", help="A webhook that is told of each report, as env:NAME or file:PATH."),
    link_base: str = typer.Option("", "--link-base", metavar="URL", help="Where the incidents' folder can be read by those who are told."),
    out: Path = typer.Option(Path("incidents"), "--out", envvar="RUNBOOK_INCIDENTS", help="Where incident folders go."),
    budget_s: float = typer.Option(25.0, "--budget", metavar="SECONDS", min=3.0, help="How long each triage looks."),
    workers: int = typer.Option(1, "--workers", min=1, max=8, help="Triages at once."),
    queue: int = typer.Option(50, "--queue", min=1, max=1000, help="Alerts that may wait; more are sent away (503)."),
    cooldown_s: float = typer.Option(
        900.0, "--cooldown", metavar="SECONDS", min=0.0, help="For how long the same alert is not looked into again."
    ),
    window_s: float = typer.Option(300.0, "--window", metavar="SECONDS", min=1.0, help="How far the time of a signature may be off."),
) -> None:
    """Receive alerts of Alertmanager, Grafana, Sentry and Datadog; each becomes a triage with a report. Ends with SIGTERM or Ctrl-C."""
    from helpers.cli.serving import Settings, serve_until_ended
    from helpers.serve import Limits

    limits = Limits(queue=queue, workers=workers, cooldown_s=cooldown_s, window_s=window_s, triage_s=budget_s + 90.0)
    settings = Settings(profile, label_map, token, secret, insecure, host, port, notify, link_base, out, budget_s)
    serve_until_ended(settings, limits)
