"""What failing requests have in common is found among what they have by chance; live requests are samples."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from helpers import logs
from helpers.logs.connect import LogFiles
from helpers.logs.inputs import Asked, traits_of
from helpers.results import Status
from helpers.settings import Profile

START = datetime(2026, 3, 3, 8, tzinfo=UTC)
WRONG = {
    "page zero": lambda choose: f"page=0&q=w{choose.randint(0, 999)}",
    "q empty": lambda choose: f"page={choose.randint(1, 9)}&q=",
    "email without @": lambda choose: f"page=1&email=me{choose.randint(0, 999)}",
    "size negative": lambda choose: f"size=-{choose.randint(1, 50)}&page=2",
    "q beyond ASCII": lambda choose: f"q=%C3%A4{choose.randint(0, 99)}&page=3",
    "cursor given": lambda choose: f"cursor=abc{choose.randint(0, 999)}&page=1",
}


def usual(choose):
    return choose.choice(
        ["page={p}&q=word{n}", "q=word{n}&page={p}&lang=de", "page={p}&email=m{n}%40x.example", "size={n}&page={p}"]
    ).format(p=choose.randint(1, 9), n=choose.randint(1, 999))


@pytest.mark.parametrize("said", WRONG)
@pytest.mark.parametrize("seed", range(5))
def test_the_trait_is_the_first(said, seed):
    """Whatever else these requests have by chance."""
    choose = random.Random(f"{said} {seed}")
    asked = [Asked("/list", usual(choose), False) for _ in range(300)] + [Asked("/list", WRONG[said](choose), True) for _ in range(25)]
    assert traits_of("/list", asked)[0].said == said


@pytest.mark.parametrize("seed", range(20))
def test_failures_by_chance_have_none(seed):
    """No trait is made up."""
    choose = random.Random(seed)
    assert traits_of("/list", [Asked("/list", usual(choose), choose.random() < 0.15) for _ in range(400)]) == []


def test_a_part_of_the_path_is_a_parameter():
    """By the name in the route."""
    asked = [Asked(f"/orders/{n}", "", False) for n in range(1, 200)] + [Asked("/orders/0", "", True)] * 9
    assert traits_of("/orders/{order_id}", asked)[0].said == "order_id zero"


def written(path, entries):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return LogFiles(Profile(name="t", logs=[str(path)]))


def entry(n, path, status, **more):
    moment = (START + timedelta(seconds=n)).isoformat()
    return {
        "event": "request",
        "timestamp": moment,
        "method": "GET",
        "route": "/list",
        "path": path,
        "status": status,
        "duration_ms": 5,
        **more,
    }


async def test_failing_requests_of_the_worst_route(tmp_path):
    """With counts, versions and the shortest example."""
    entries = [entry(n, f"/list?page={n % 9 + 1}&q=7", 200, version="a") for n in range(100)]
    entries += [entry(200 + n, f"/list?page=0&q={n}", 500, version="b") for n in range(12)]
    found = await logs.failing_requests(written(tmp_path / "a.log", entries), since="")
    assert (found.status, found.rows[0].said, found.facts["versions"], found.facts["example"]) == (
        Status.PROBLEM,
        "page zero",
        ["b"],
        "GET /list?page=0&q=0",
    )


async def test_nothing_failed(tmp_path):
    """A 404 is the asker's."""
    found = await logs.failing_requests(written(tmp_path / "a.log", [entry(n, "/list", 404) for n in range(9)]), since="")
    assert (found.status, found.facts) == (Status.OK, {"failed": 0})


async def test_live_latency_takes_what_ended_in_the_window(tmp_path):
    """Of that route, a failed one as failed; what was logged before is not in it."""
    path = tmp_path / "a.log"
    files = written(path, [entry(n, "/list", 200) for n in range(5)])
    measuring = asyncio.ensure_future(logs.live_latency("GET /list", 1.5).measure({"logs": files}))
    await asyncio.sleep(0.3)
    now = datetime.now(UTC).isoformat()
    with path.open("a") as file:
        for route, status in (("/list", 200), ("/list", 503), ("/other", 200)):
            file.write(json.dumps({**entry(0, route, status), "timestamp": now, "route": route, "duration_ms": 42}) + "\n")
    samples = await measuring
    assert sorted((sample.value, sample.ok) for sample in samples) == [(42.0, False), (42.0, True)]


async def test_examples_are_requests_that_can_be_asked_again(tmp_path):
    """The shortest that failed, the slowest that did not; a POST is none."""
    entries = [{**entry(n, f"/orders/{n}?page={n}", 200), "duration_ms": 5.0} for n in range(20)]
    entries += [{**entry(n, f"/slow/{n}", 200), "duration_ms": 400.0 + n} for n in range(20, 26)]
    entries += [{**entry(n, f"/orders/{n}?page=0", 500), "duration_ms": 9.0} for n in (30, 7)]
    entries += [{**entry(n, "/pay", 500), "method": "POST", "duration_ms": 900.0} for n in range(40, 60)]
    found = await logs.request_examples(written(tmp_path / "a.jsonl", entries), since="")
    assert (found.status, found.facts["slow"], found.facts["failing"]) == (Status.PROBLEM, "GET /slow/25", ["GET /orders/7?page=0"])


async def test_what_fails_now_is_named_before_what_failed_more(tmp_path):
    """Minutes ago something else was broken."""
    entries = [entry(n, f"/old/{n}", 500, route="/old/{id}") for n in range(20)]
    entries += [entry(120 + n, f"/new/{n}", 500, route="/new/{id}") for n in range(3)]
    found = await logs.request_examples(written(tmp_path / "a.jsonl", entries), since="")
    assert (found.facts["failing"], found.facts["slowest"]) == (["GET /new/0", "GET /old/0"], [])


async def test_what_is_slow_now_is_named_before_what_was(tmp_path):
    """Minutes ago another route was slow, and took more time in all; one asked now and then is slowest per request."""
    entries = [{**entry(n, f"/old/{n}", 200, route="/old/{id}"), "duration_ms": 2000.0} for n in range(20)]
    entries += [{**entry(120 + n, f"/old/{n}", 200, route="/old/{id}"), "duration_ms": 3.0 + n / 10} for n in range(20)]
    entries += [{**entry(120 + n, f"/new/{n}", 200, route="/new/{id}"), "duration_ms": 80.0 + n} for n in range(6)]
    entries += [{**entry(120 + n, f"/rare/{n}", 200, route="/rare/{id}"), "duration_ms": 90.0 + n} for n in range(2)]
    found = await logs.request_examples(written(tmp_path / "a.jsonl", entries), since="")
    assert (found.facts["slow"], found.facts["slowest"]) == ("GET /new/5", ["GET /rare/1", "GET /new/5", "GET /old/19"])


async def test_without_a_get_there_is_no_example(tmp_path):
    """UNKNOWN, not OK."""
    entries = [{**entry(1, "/pay", 200), "method": "POST"}]
    assert (await logs.request_examples(written(tmp_path / "a.jsonl", entries), since="")).status is Status.UNKNOWN


async def test_a_crashed_function_failed(tmp_path):
    """The drain says -1 for it; a revalidation in the background, which is -1 of the proxy alone, was asked by nobody."""
    crash = {"statusCode": -1, "proxy": {"method": "GET", "path": "/api/report", "statusCode": 500}}
    alone = {"statusCode": -1, "proxy": {"method": "GET", "path": "/api/export"}}
    nobody = {"proxy": {"method": "GET", "path": "/api/prices", "statusCode": -1}}
    fine = {"statusCode": 200, "proxy": {"method": "GET", "path": "/api/me", "statusCode": 200}}
    base = {"id": "a", "deploymentId": "d", "projectId": "p", "source": "lambda", "level": "info", "message": ""}
    path = tmp_path / "drain.ndjson"
    path.write_text(
        "".join(json.dumps({**base, "timestamp": 1772524800000 + n, **said}) + "\n" for n, said in enumerate((crash, alone, nobody, fine)))
    )
    found = await logs.request_examples(LogFiles(Profile(name="test", logs=[str(path)])), since="")
    assert (sorted(found.facts["failing"]), found.facts["slowest"], found.facts["requests"]) == (
        ["GET /api/export", "GET /api/report"],
        ["GET /api/me"],
        3,
    )


async def test_what_a_cache_answers_is_known(tmp_path):
    """Most first; a file of the page is none, nor what was made for the request."""
    seen = {"/api/me": "HIT", "/api/prices": "STALE", "/app.js": "HIT", "/api/basket": "MISS"}
    base = {"id": "a", "deploymentId": "d", "projectId": "p", "source": "lambda", "level": "info", "message": "", "statusCode": 200}
    lines = [
        {**base, "timestamp": 1772524800000 + n, "proxy": {"method": "GET", "path": path, "statusCode": 200, "vercelCache": said}}
        for n, (path, said) in enumerate([*seen.items(), ("/api/prices", "HIT")])
    ]
    path = tmp_path / "drain.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = await logs.request_examples(LogFiles(Profile(name="test", logs=[str(path)])), since="")
    assert found.facts["kept"] == ["GET /api/prices", "GET /api/me"]
