"""Turns: what a server bears is never exceeded, and who waits for it is not overtaken by others who need it."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from helpers.runner import run_batch
from helpers.runner.batches.schema import Job, Limits
from helpers.runner.batches.servers import burden_of, makes_load, server_of
from helpers.runner.batches.turns import Turns
from helpers.runner.executor import Outcome, Started
from helpers.settings import Profile
from tests.runner.toys import Toy


def job(name: str) -> Job:
    return Job(name, "toy", None, {}, apply=False)


async def test_a_server_never_bears_more_than_it_can() -> None:
    """300 runs with random burdens, 16 at once: the peak of each server is its limit, and every run had its turn once."""
    chance = random.Random(8)
    bears = {"api a": 1, "postgres b": 6, "postgres c": 4}
    burdens = {str(i): {s: chance.randint(1, n) for s, n in bears.items() if chance.random() < 0.5} for i in range(300)}
    turns, used, peak, order = Turns(map(job, burdens), burdens, bears), Counter(), Counter(), []

    async def work() -> None:
        while taken := await turns.take():
            order.append(taken.name)
            used.update(burdens[taken.name])
            for server in bears:
                peak[server] = max(peak[server], used[server])
            await asyncio.sleep(chance.random() / 500)
            used.subtract(burdens[taken.name])
            turns.done(taken)

    await asyncio.gather(*(work() for _ in range(16)))
    assert (dict(peak), sorted(order)) == (bears, sorted(burdens))


async def test_who_waits_for_a_server_is_overtaken_only_by_those_who_do_not_need_it() -> None:
    """A run that needs all of a server gets it, though smaller ones would still fit."""
    burdens = {"first": {"p": 1}, "large": {"p": 4}, "small": {"p": 1}, "elsewhere": {"q": 1}}
    turns = Turns(map(job, burdens), burdens, {"p": 4, "q": 1})
    first, overtakes = await turns.take(), await turns.take()
    assert (first, overtakes, turns.waiting_for()) == (job("first"), job("elsewhere"), ["p"])
    turns.done(job("first"))
    large = await turns.take()
    turns.done(job("large"))
    assert (large, await turns.take()) == (job("large"), job("small"))


async def test_a_run_that_comes_again_waits_and_holds_nobody_up() -> None:
    """Nobody leaves while it may come again."""
    turns = Turns([job("a"), job("b")], {"a": {"p": 1}, "b": {"p": 1}}, {"p": 1})
    began = asyncio.get_running_loop().time()
    turns.again(await turns.take() or job(""), 0.2)
    second = await turns.take()
    turns.done(job("b"))
    again = await turns.take()
    assert (second, again, asyncio.get_running_loop().time() - began >= 0.2) == (job("b"), job("a"), True)
    leaving = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    turns.done(job("a"))
    assert await leaving is None


async def test_a_closed_batch_starts_nothing() -> None:
    """Whoever waits is told."""
    turns = Turns([job("a"), job("b")], {"a": {"p": 1}, "b": {"p": 1}}, {"p": 1})
    await turns.take()
    waiting = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    turns.close()
    assert await waiting is None


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("postgres://user:secret@Db.Example/shop", "db.example:5432"),
        ("postgresql://localhost:5433/x", "127.0.0.1:5433"),
        ("postgresql://[::1]:5433/x", "127.0.0.1:5433"),
        ("postgresql:///x?host=/run/pg&port=5433", "/run/pg"),
        ("postgresql:///x", "127.0.0.1:5432"),
        ("https://shop.example/api/", "shop.example:443"),
        ("http://user@shop.example:8000", "shop.example:8000"),
        ("env:DATABASE_URL", "env:DATABASE_URL"),
    ],
)
def test_a_server_is_its_host_and_port(address: str, server: str) -> None:
    """However the address is written; no user and no password is in it."""
    assert server_of(address) == server


def test_two_profiles_on_one_server_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is where the reference leads, not the profile's name."""
    monkeypatch.setenv("DSN", "postgres://a:secret@127.0.0.1/one")
    one = Profile(name="one", postgres="env:DSN", api="http://shop.example")
    two = Profile(name="two", postgres="postgres://b@localhost:5432/two", api="http://shop.example:80/v2")
    load = "await incident.reproduce(http.latency(endpoint), expect='p95_ms < 200')"
    assert burden_of(one, load, Limits()) == burden_of(two, load, Limits()) == {"api shop.example:80": 1, "postgres 127.0.0.1:5432": 4}
    assert burden_of(one, load, Limits(), resolve=False) == {"api shop.example:80": 1, "postgres env:DSN": 4}


@pytest.mark.parametrize(
    ("code", "load"),
    [
        ("http.latency(x)", True),
        ("guards=[http.errors(endpoint)]", True),
        ("import httpx", True),
        ("postgres.statements_per_request(endpoint)", True),
        ("postgres.lock_waits()", False),
        ("http.who_may_call(x)", False),
    ],
)
def test_load_is_seen_in_the_code(code: str, load: bool) -> None:
    """A probe of the API, or a client of one's own."""
    assert makes_load(code) is load


class Counting:
    """Counts how many runs are under way at once."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def run(self, job: Job, started: Started) -> Outcome:
        started("nowhere")
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return Outcome("healthy", 0, "")

    async def recover(self, folder: str, reason: str) -> Outcome | None:
        return None

    def stop(self, reason: str) -> None:
        pass


@pytest.mark.parametrize(
    ("cell", "limits", "most"),
    [
        ("await incident.reproduce(http.latency('GET /'))", "{}", 1),
        ("await incident.reproduce(http.latency('GET /'))", "{load_probes_per_api: 3}", 3),
        ("1 + 1", "{connections_per_postgres: 9}", 2),
        ("1 + 1", "{connections_per_postgres: 9, connections_per_run: 2}", 4),
    ],
)
async def test_a_batch_keeps_to_what_servers_bear(toy: Toy, tmp_path: Path, cell: str, limits: str, most: int) -> None:
    """Eight workers; two profiles on one API and one Postgres share them."""
    toy(cell)
    here = '{}api = "http://127.0.0.1:9"\npostgres = "postgres://{}@localhost/x"\n'
    (tmp_path / "profiles.toml").write_text(here.format("[one]\n", "a") + here.format("[two]\n", "b"))
    rows = "[" + ", ".join(f"{{n: {n}}}" for n in range(6)) + "]"
    (tmp_path / "plan.yaml").write_text(f"name: x\nlimits: {limits}\nmatrix: {{runbook: [toy], profile: [one, two], rows: {rows}}}")
    counting = Counting()
    result = await run_batch(tmp_path / "plan.yaml", 8, executor=counting)
    assert (counting.most, len(result.outcomes)) == (most, 12)
