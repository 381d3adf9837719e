"""`runbook drill`: the sandbox is broken in a way you are not told; find out what it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from helpers.cli.complete import runbooks

if TYPE_CHECKING:
    from helpers.drill.auto import Played

EXAMPLES = """Examples:
[bold]runbook drill[/bold], look into it (runbook triage, runbook lab, psql …), then
[bold]runbook drill --answer missing_index='orders(customer_id)'[/bold]
[bold]runbook drill --difficulty two --seed 7[/bold], [bold]runbook drill --give-up[/bold]
[bold]runbook drill --auto --rounds 20[/bold] (triage plays, and the table of its scores is printed)"""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("drill", epilog=EXAMPLES.replace("\n", "\n\n"))
    def _drill(
        answer: list[str] = typer.Option([], "--answer", metavar="CAUSE[=SUBJECT]", help="What it is.", autocompletion=runbooks),
        give_up: bool = typer.Option(False, "--give-up", help="Be told."),
        difficulty: str = typer.Option("single", "--difficulty", help="single, herring (beside a look-alike) or two (faults at once)."),
        area: str = typer.Option("", "--area", help="Only faults of postgres, redis, api or platform."),
        seed: int = typer.Option(-1, "--seed", help="The same seed is the same round; by chance when left out."),
        auto: bool = typer.Option(False, "--auto", help="Let triage play."),
        rounds: int = typer.Option(10, "--rounds", min=1, help="How many rounds it plays."),
        budget_s: float = typer.Option(25.0, "--budget", metavar="SECONDS", min=3.0, help="How long each of its looks may take."),
        out: Path = typer.Option(Path("incidents"), "--out", envvar="RUNBOOK_INCIDENTS", help="Where incident folders go."),
        as_json: bool = typer.Option(False, "--json", help="The scores on stdout."),
    ) -> None:
        """Practise: find out what is broken, and be scored on cause, subject, time and harm."""
        from helpers.drill.choosing import checked

        level, place = checked(difficulty, area)
        if answer or give_up:
            asyncio.run(_answered(answer, out, as_json=as_json))
        elif auto:
            asyncio.run(_play(range(max(seed, 0), max(seed, 0) + rounds), level, place, out=out, budget_s=budget_s, as_json=as_json))
        else:
            asyncio.run(_begun(seed, level, place))


async def _begun(seed: int, difficulty: str, area: str) -> None:
    import random

    from helpers.cli.console import say
    from helpers.drill.choosing import Difficulty
    from helpers.drill.game import begin

    seed = seed if seed >= 0 else random.SystemRandom().randrange(1_000_000)
    known = await begin(seed, Difficulty(difficulty), area=area, progress=say)
    given = "".join(f" -p {name}={value}" for name, value in known.items())
    say(f"\nSomething is wrong with the shop (round {seed}, {difficulty}). The profile is `sandbox`; the clock runs.")
    say(f"Known: {given.strip() or 'nothing but that'}")
    say("Answer: runbook drill --answer CAUSE[=SUBJECT]      Give up: runbook drill --give-up")


async def _answered(answers: list[str], out: Path, *, as_json: bool) -> None:
    from dataclasses import asdict

    from helpers.cli.console import print_json, say
    from helpers.drill.game import answer
    from helpers.runner.catalogue import find_runbook

    given = {name.strip(): subject.strip() for name, _, subject in (text.partition("=") for text in answers)}
    for name in given:
        find_runbook(name)  # a name that is none is said at once, and the clock runs on
    outcome = await answer(given, incidents=out)
    say(f"\n{outcome.score.points} of 100 points after {outcome.took_s:.0f} s. {outcome.score.said}")
    for fault in outcome.truth:
        what = "only looks broken" if fault["lookalike"] else f"subject: {fault['subject']}"
        say(f"  {fault['name']} ({fault['variant']}): {fault['title']}; {what}.")
        if not fault["lookalike"]:
            say(f"    How it is told apart, and why: runbook show {fault['code']}")
    say("The sandbox is healed.")
    if as_json:
        print_json({**asdict(outcome.score), "took_s": outcome.took_s, "faults": list(outcome.truth)})


async def _play(seeds: range, difficulty: str, area: str, *, out: Path, budget_s: float, as_json: bool) -> None:
    from dataclasses import asdict

    from helpers.cli.console import print_json, table
    from helpers.drill.auto import play, summarised
    from helpers.drill.choosing import Difficulty, draw

    played = await play(
        [draw(seed, Difficulty(difficulty), area=area) for seed in seeds],
        out=out, budget_s=budget_s, journal=out / "drill.jsonl", told=_tell,
    )  # fmt: skip
    table("", summarised(played))
    if as_json:
        print_json({"scores": summarised(played), "rounds": [asdict(p) for p in played]})


def _tell(played: Played) -> None:
    from helpers.cli.console import say

    mark = "!" if played.score is None else "✓" if played.score.is_first else "~" if played.score.is_near else "✗"
    said = played.broken or f"{', '.join(played.ranked) or 'nothing'} in {played.took_s:.0f} s"
    say(f"{mark} {played.seed}: {' + '.join(played.injected)} → {said}")
