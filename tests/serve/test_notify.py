"""Who is told of a report: the operator's address, and nobody else."""

import asyncio
import contextlib
import json

import pytest

from helpers.alerts import read_alert
from helpers.errors import UsageError
from helpers.redaction import redact
from helpers.serve.intake import Ticket
from helpers.serve.notify import Notifier, document_of
from helpers.serve.triages import Outcome
from tests.serve.sending import body

FOUND = Outcome("done", 1, 9.0, "20260703T031209Z-triage-4e1f", "First: hot_key (k).", ("hot_key", "slow_command"))
CANARY = "`<!channel> @here [x](https://evil.example) <https://evil.example|ok> $(reboot) & {{7*7}} \x1b[31m"


def ticket(folded=0):
    return Ticket("1", "alertmanager", "f", "shop", 0.0, b"", folded=folded)


@contextlib.asynccontextmanager
async def listening(*answers):
    """A server that answers with these heads in turn, the last for ever: (address, what was posted)."""
    posted = []

    async def answer(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        posted.append((head.split(" ")[1], json.loads(await reader.readexactly(length) or b"null")))
        writer.write(f"HTTP/1.1 {answers[min(len(posted), len(answers)) - 1]}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", posted


@pytest.mark.parametrize(
    ("answers", "said", "tries"),
    [
        (["200 OK"], "told", 1),
        (["503 Busy", "429 Slow", "204 None"], "told", 3),
        (["500 No"], "HTTP 500", 3),
        (["404 Gone"], "HTTP 404", 1),
    ],
)
async def test_it_is_tried_again_where_that_may_help_and_three_times_at_most(answers, said, tries):
    """What is wrong for good is not."""
    async with listening(*answers) as (address, posted):
        told = await Notifier(f"{address}/hook", pause_s=0.01).tell(read_alert(body()), ticket(), FOUND)
    assert (told, len(posted)) == (said, tries)


async def test_a_redirect_is_not_followed():
    """Whoever answers there does not say where reports go."""
    async with (
        listening("200 OK") as (elsewhere, stolen),
        listening(f"307 Temporary Redirect\r\nlocation: {elsewhere}/x") as (address, posted),
    ):
        told = await Notifier(f"{address}/hook", pause_s=0.01).tell(read_alert(body()), ticket(), FOUND)
    assert (told, len(posted), stolen) == ("HTTP 307", 1, [])


async def test_what_is_answered_is_not_read():
    """However much it is."""
    async with listening(f"200 OK\r\nx: y\r\n\r\n{'x' * 100}") as (address, _):
        assert await Notifier(f"{address}/hook", pause_s=0.01).tell(read_alert(body()), ticket(), FOUND) == "told"


async def test_nobody_there_is_said():
    """The triage is kept all the same."""
    async with listening("200 OK") as (address, _):
        pass
    assert await Notifier(f"{address}/hook", pause_s=0.01).tell(read_alert(body()), ticket(), FOUND) == "ConnectError"


def test_what_is_sent_says_what_was_found_and_where_to_read_it():
    """Once, with what came again."""
    said = document_of(read_alert(body("Latency")), ticket(3), FOUND, "https://reports.example/incidents/")
    link = "https://reports.example/incidents/20260703T031209Z-triage-4e1f/report.html"
    assert (said["text"], said["link"], said["ranked"]) == (
        "Triage of `Latency` (alertmanager, profile shop): First: hot_key. `First: hot_key (k).` It came 3 more times meanwhile. " + link,
        link,
        ["hot_key", "slow_command"],
    )


def test_an_alerts_words_make_no_link_and_no_mention():
    """They are a code span whose end they cannot write."""
    text = document_of(read_alert(body(CANARY)), ticket(), FOUND, "")["text"]
    span = text.split("`")[1]
    assert (text.count("`"), "<" in span, "&lt;!channel&gt; @here [x](https://evil.example)" in span, "\\x1b[31m" in span) == (
        4,
        False,
        True,
        True,
    )


@pytest.mark.parametrize(("state", "said"), [("timed_out", "The triage did not end in time."), ("failed", "The triage broke.")])
def test_a_triage_that_found_nothing_is_told_too(state, said):
    """Without a link to what is not there."""
    document = document_of(read_alert(body()), ticket(), Outcome(state, None, 1.0), "https://reports.example")
    assert (said in document["text"], document["link"]) == (True, "")


def test_the_address_is_a_secret():
    """Whoever knows it could post there."""
    url = "https://hooks.example/services/T000/B000/abcdefgh"
    assert (url in repr(Notifier(url)), "abcdefgh" in redact(f"could not post to {url}")) == (False, False)
    for wrong in (("ftp://hooks.example/x", ""), (url, "javascript:alert(1)")):
        with pytest.raises(UsageError):
            Notifier(*wrong)
