"""`runbook sandbox …`: real servers and a demo application, to be broken and healed."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from helpers.cli.complete import faults as complete_faults

NAME = typer.Option("", "--name", envvar="RUNBOOK_SANDBOX", help="Which sandbox, where several run side by side.")
JSON = typer.Option(False, "--json", help="One JSON document on stdout.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Real servers and a demo application under load, to explore, break and heal.")
    app.add_typer(
        group,
        name="sandbox",
        epilog="Example: [bold]runbook sandbox up[/bold], [bold]runbook sandbox break missing_index[/bold], [bold]runbook run missing_index[/bold]",
    )
    group.command("up")(_up)
    group.command("down")(_down)
    group.command("status")(_status)
    group.command("break")(_break)
    group.command("heal")(_heal)
    group.command("faults")(_faults)


def _tell(as_json: bool, document: Any, text: str) -> None:
    from helpers.cli.console import print_json, say

    if as_json:
        print_json(document)
    else:
        say(text)


def _up(
    name: str = NAME,
    load_rps: float = typer.Option(20.0, "--load-rps", min=0, max=500, help="Requests a second of made-up traffic."),
    web: bool = typer.Option(False, "--web", help="The Next.js application behind its edge, in place of the FastAPI one; needs node."),
    as_json: bool = JSON,
) -> None:
    """Start the sandbox, or say that it runs. It stays until `runbook sandbox down`."""
    from helpers import sandbox
    from helpers.cli.console import say
    from helpers.sandbox.sandbox import SERVICES, WEB

    async def go() -> dict[str, Any]:
        await sandbox.up(name or None, load_rps=load_rps, services=WEB if web else SERVICES, progress=say)
        status: dict[str, Any] = await sandbox.status(name or None)
        return status

    status = asyncio.run(go())
    fault = "empty_errors" if web else "missing_index"
    _tell(as_json, status, f"The sandbox is up: the profile `sandbox` points at it.\nBreak it: runbook sandbox break {fault}")


def _down(name: str = NAME, as_json: bool = JSON) -> None:
    """Stop the sandbox; nothing of it stays."""
    from helpers import sandbox

    was_up = asyncio.run(sandbox.down(name or None))
    _tell(as_json, {"was_up": was_up}, "The sandbox is down." if was_up else "No sandbox was up.")


def _status(name: str = NAME, as_json: bool = JSON) -> None:
    """What runs, where, and which faults are in."""
    from helpers import sandbox
    from helpers.cli.console import print_json, say, table

    status = asyncio.run(sandbox.status(name or None))
    if as_json:
        print_json(status)
    elif not status["running"]:
        say("No sandbox is up. Start one: runbook sandbox up")
    else:
        rows = [
            {"service": key, **value} if isinstance(value, dict) else {"service": key, "": value}
            for key, value in status["services"].items()
        ]
        table("", rows)
        named = ", ".join(fault["name"] for fault in status["faults"]) or "none"
        say("A drill goes on: what is broken is not shown." if status.get("drill") else f"faults: {named}")


def _break(
    fault: str = typer.Argument(help="The failure mode.", autocompletion=complete_faults),
    variant: str = typer.Option("default", "--variant", help="One of its variants; see `runbook sandbox faults`."),
    name: str = NAME,
    as_json: bool = JSON,
) -> None:
    """Break the sandbox: inject one fault into the real thing."""
    from helpers import sandbox

    injected = asyncio.run(sandbox.break_(name or None, fault, variant=variant))
    given = "".join(f" -p {key}={value!r}" for key, value in injected["parameters"].items() if key != "query")
    find = "" if injected["lookalike"] else f"Find it: runbook run {fault} --profile sandbox{given}\n"
    _tell(as_json, injected, f"{fault} is in: {injected['title']}.\n{find}Heal it: runbook sandbox heal {fault}")


def _heal(
    fault: str = typer.Argument("", help="The failure mode; all of them when left out.", autocompletion=complete_faults),
    name: str = NAME,
    as_json: bool = JSON,
) -> None:
    """Heal the sandbox."""
    from helpers import sandbox

    healed = asyncio.run(sandbox.heal(name or None, fault or None))
    _tell(as_json, healed, "Healed.")


def _faults(as_json: bool = JSON) -> None:
    """Every fault that can be injected, with its variants."""
    from helpers.cli.console import print_json, table
    from helpers.sandbox.commands import faults

    known = faults()
    if as_json:
        print_json(known)
    else:
        table("", [{"fault": f"{f['area']}/{f['name']}", "what breaks": f["title"], "variants": ", ".join(f["variants"])} for f in known])
