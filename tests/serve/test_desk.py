"""What is taken, what is folded and what is refused, each counted once."""

import asyncio
import json
from pathlib import Path

import pytest

from helpers.serve.signing import Keys
from tests.alerts.fuzz import mutated
from tests.serve.sending import BEARER, JSON, NOW, TOKEN, body, chunks, desk, sent, signed

PAYLOADS = sorted((Path(__file__).parents[1] / "alerts/payloads").glob("*.json"))


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: p.stem)
async def test_every_sender_is_taken(payload):
    """What is resolved is not looked into."""
    status, said = await sent(desk(), payload.read_bytes())
    assert (status, said["status"]) == (202, "resolved" if payload.stem.endswith(("resolved", "recovered")) else "queued")


@pytest.mark.parametrize(
    ("content", "headers", "answer"),
    [
        (body(), {}, (401, "unsigned")),
        (body(), {**BEARER, "authorization": "Bearer no"}, (401, "unsigned")),
        (body(), {**signed(body()), "x-runbook-signature": "t=1,v1=00"}, (401, "unsigned")),
        (body(), signed(body(), at=NOW - 400), (401, "stale")),
        (body(), {"authorization": f"Bearer {TOKEN}"}, (415, "type")),
        (body(), {**BEARER, "content-type": "text/plain"}, (415, "type")),
        (body(), {**BEARER, "content-encoding": "gzip"}, (415, "type")),
        (body(), {**BEARER, "content-length": "9999999"}, (413, "large")),
        (body(), {**BEARER, "content-length": "-1"}, (413, "large")),
        (b"x" * 20_000, BEARER, (413, "large")),
        (b"{", BEARER, (400, "invalid")),
        (b'{"hello": 1}', BEARER, (400, "invalid")),
        (b"", BEARER, (400, "invalid")),
    ],
)
async def test_what_is_not_as_it_has_to_be_is_refused_and_nothing_is_queued(content, headers, answer):
    """And counted by its reason."""
    to = desk(most_bytes=10_000)
    status, said = await sent(to, content, headers)
    assert (status, said["refused"], to.intake.waiting) == (*answer, 0)
    assert to.counts == {"received": 1, "refused": 1, f"refused_{answer[1]}": 1}


async def test_who_cannot_be_known_is_not_read():
    """Not a byte of the body."""
    read = []

    async def body_of_a_stranger():
        read.append(1)
        yield b"x"

    assert ((await desk().receive(JSON, body_of_a_stranger())).status, read) == (401, [])


async def test_a_body_that_comes_too_slowly_is_not_waited_for():
    """Its connection is closed."""

    async def slow():
        yield b"{"
        await asyncio.sleep(60)
        yield b"}"

    answer = await desk(body_s=0.05).receive(BEARER, slow())
    assert (answer.status, answer.headers["connection"]) == (408, "close")


async def test_only_so_many_bodies_are_read_at_once():
    """The next are asked to come again."""
    to, go = desk(bodies=1), asyncio.Event()

    async def held():
        await go.wait()
        yield body()

    first = asyncio.create_task(to.receive(BEARER, held()))
    await asyncio.sleep(0)
    second = await to.receive(BEARER, chunks(body("B")))
    go.set()
    assert ((await first).status, second.status, second.headers["retry-after"]) == (202, 503, "5")


async def test_a_signed_request_is_good_once():
    """The very same is refused, the same alert with a new time is folded."""
    to = desk()
    answers = [await sent(to, body(), signed(body(), at)) for at in (NOW, NOW, NOW - 1)]
    assert [(status, said.get("status") or said["refused"]) for status, said in answers] == [
        (202, "queued"),
        (409, "replayed"),
        (202, "folded"),
    ]


async def test_without_a_time_the_same_body_is_folded():
    """A token cannot tell a replay from a sender that tries again."""
    to = desk()
    answers = [await sent(to, body()) for _ in range(3)]
    assert ([said["status"] for _, said in answers], len({said["id"] for _, said in answers}), to.intake.waiting) == (
        ["queued", "folded", "folded"],
        1,
        1,
    )


async def test_the_same_alert_is_folded_while_it_waits_runs_and_cools_down():
    """Then it is new."""
    now = [NOW]
    to = desk(clock=lambda: now[0], cooldown_s=100, window_s=10)
    said = []
    for number in range(5):
        said.append((await sent(to, body("A", n=str(number))))[1]["status"])
        if number == 1:
            ticket = await to.intake.take()
        if number == 2:
            to.intake.ended(ticket, "done")
        if number == 3:
            now[0] += 101
    assert (said, ticket.folded, ticket.body) == (["queued", "folded", "folded", "folded", "queued"], 3, b"")


async def test_a_full_queue_sends_the_others_away_and_does_not_remember_them():
    """They are told when to come again, and are taken then."""
    to = desk(queue=2)
    answers = [await to.receive(signed(body(name)), chunks(body(name))) for name in "ABCC"]
    (await to.intake.take()).body = b""
    again = await to.receive(signed(body("C")), chunks(body("C")))
    assert ([a.status for a in answers], answers[3].headers["retry-after"], again.status) == ([202, 202, 503, 503], "60", 202)
    assert (to.counts["accepted"], to.counts["refused_full"]) == (3, 2)


async def test_the_operators_map_says_which_profile_and_the_alert_does_not():
    """A profile of the alert's own choice is not a profile."""
    to = desk()
    for name, labels in (("A", {"service": "checkout"}), ("B", {"service": "other"}), ("C", {"profile": "production"})):
        await sent(to, body(name, **labels))
    assert [(await to.intake.take()).profile for _ in range(3)] == ["shop", "p", "p"]
    assert (await sent(desk(profile=""), body()))[1]["refused"] == "unmapped"


async def test_whatever_is_sent_is_answered():
    """Mutations of real payloads: taken or invalid, never more; and the queue holds what it may."""
    to = desk(keys=Keys(), queue=10)
    answers = [await sent(to, mutated(seed), JSON) for seed in range(1500)]
    statuses = {status for status, _ in answers}
    ends = sum(to.counts[name] for name in ("accepted", "folded", "refused", "resolved"))
    assert (statuses <= {202, 400, 503}, {202, 400} <= statuses, to.intake.waiting <= 10, ends) == (True, True, True, 1500)


async def test_a_flood_of_refusals_is_logged_once_a_second(capsys):
    """With how many were not."""
    now = [NOW]
    to = desk(clock=lambda: now[0])
    for number in range(10):
        now[0] += 1.0 if number == 9 else 0.0
        await sent(to, body(), {})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert ([line.get("unsaid") for line in lines], to.counts["refused_unsigned"]) == ([None, 8], 10)


async def test_neither_the_log_nor_the_status_holds_what_was_sent(capsys):
    """Names and counts alone."""
    to = desk()
    await sent(to, body("canary-title", secret="canary-label"))
    await sent(to, b'{"canary-name": 1, "canary-name": 2}')
    shown = json.dumps(to.status()) + capsys.readouterr().err
    assert ("canary" in shown, TOKEN in shown, "accepted" in shown, "invalid" in shown) == (False, False, True, True)
