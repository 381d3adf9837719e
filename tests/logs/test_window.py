"""A window is what a filter over the whole file would give, whether the file was searched or read whole."""

import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from helpers.logs import window, windows
from helpers.logs.engine import Logs
from helpers.logs.formats import formats
from tests.logs.corpora import FORMATS, corpus

FIRST = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
TIMED = [name for name in FORMATS if "timestamp" in formats()[name].columns]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Small files are searched as large ones are."""
    monkeypatch.setattr(windows, "FEWEST_BYTES", 1)
    monkeypatch.setattr(window, "BLOCK", 1 << 11)


def line(at, number=0):
    return json.dumps(
        {"event": "request", "timestamp": at.isoformat(), "level": "info", "http_response_status_code": 200, "request_id": str(number)}
    )


def log(path, times, *, end="\n", last="\n", head=b""):
    text = end.join(line(at, number) for number, at in enumerate(times)) + last
    path.write_bytes(head + text.encode())
    return path


def seconds(count, step=1.0):
    return [FIRST + timedelta(seconds=step * n) for n in range(count)]


def ids(path, since=None, until=None):
    """The entries of the window; how many bytes of the file were read, and why all of them were."""
    with Logs.open([path], since=since, until=until) as logs:
        account = logs.account()[0]
        assert account.lines == account.parsed + account.rejected + account.blank + account.unfinished
        found = [int(number) for (number,) in logs.rows("select request_id from entries")]
        return found, logs.files[0].source.stat().st_size, dict(logs.window.whole)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", TIMED)
def test_every_format_however_dirty(tmp_path, name, seed):
    """Dirty lines, blank ones, entries out of order, a BOM, CRLF, a tail that is being written: the entries are those of a filter over the truth."""
    content, entries, _ = corpus(name, seed, lines=300, tail=seed % 2 == 1)
    (tmp_path / "a.log").write_bytes(content)
    choose = random.Random(seed)
    since = FIRST + timedelta(seconds=choose.randrange(-50, 900))
    until = since + timedelta(seconds=choose.randrange(1, 300))
    with Logs.open([tmp_path / "a.log"], since=since, until=until) as logs:
        logs.account()
        found = [at for (at,) in logs.rows("select epoch_us(timestamp) from entries")]
    wanted = [round(e["timestamp"].timestamp() * 1e6) for e in entries if e.get("timestamp") and since <= e["timestamp"] < until]
    assert found == wanted


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (1000, 1010, range(1000, 1010)), (None, 3, range(3)), (4995, None, range(4995, 5000)), (-100, -50, ()), (9000, 9010, ()), (-5, 9000, range(5000)),
    ],
)  # fmt: skip
def test_the_edges_are_exact(tmp_path, since, until, wanted):
    """From since on, before until; open on either side, before and after everything."""
    path = log(tmp_path / "a.log", seconds(5000))
    at = [None if s is None else FIRST + timedelta(seconds=s) for s in (since, until)]
    found, read, whole = ids(path, *at)
    assert (found, whole) == (list(wanted), {})
    assert read < path.stat().st_size / 10 or len(found) > 2500


def test_many_entries_of_one_moment(tmp_path):
    """A burst longer than a block is in the window as a whole, or not at all."""
    times = [*seconds(2000), *[FIRST + timedelta(seconds=2000)] * 3000, *(FIRST + timedelta(seconds=2001 + n) for n in range(2000))]
    path, burst = log(tmp_path / "a.log", times), FIRST + timedelta(seconds=2000)
    assert ids(path, burst, burst + timedelta(seconds=1))[0] == list(range(2000, 5000))
    assert ids(path, burst - timedelta(seconds=2), burst)[0] == [1998, 1999]
    assert ids(path, burst + timedelta(seconds=1), burst + timedelta(seconds=3))[0] == [5000, 5001]


@pytest.mark.parametrize(
    ("end", "last", "head"), [("\r\n", "\r\n", b""), ("\n", "", b""), ("\n", "\n", b"\xef\xbb\xbf"), ("\n\n", "\n\n", b"")]
)
def test_line_ends_and_bom(tmp_path, end, last, head):
    """However lines end, and however the file does."""
    path = log(tmp_path / "a.log", seconds(3000), end=end, last=last, head=head)
    assert ids(path, FIRST + timedelta(seconds=2990))[0] == list(range(2990, 3000))
    assert ids(path, FIRST, FIRST + timedelta(seconds=10))[0] == list(range(10))


def test_a_file_of_one_line(tmp_path):
    """Nothing to search in."""
    path = log(tmp_path / "a.log", seconds(1))
    assert ids(path, FIRST)[0] == [0]
    assert ids(path, FIRST + timedelta(seconds=1))[0] == []


def test_a_file_that_is_not_in_order_is_read_whole(tmp_path):
    """Two logs in one file: the answer is right, and it is said that the file was read."""
    path = log(tmp_path / "a.log", [*seconds(3000), *seconds(3000)])
    found, read, whole = ids(path, FIRST + timedelta(seconds=100), FIRST + timedelta(seconds=103))
    assert (found, read, whole) == ([100, 101, 102, 3100, 3101, 3102], path.stat().st_size, {path: "its entries are not in order of time"})


def test_stragglers_are_found(tmp_path):
    """Slow requests are logged when they end: what lies behind is within twice what is seen elsewhere."""
    choose = random.Random(5)
    times = [at - timedelta(seconds=choose.choice([0, 0, 0, 30])) for at in seconds(6000, step=0.5)]
    since, until = FIRST + timedelta(seconds=1000), FIRST + timedelta(seconds=1010)
    found, read, _ = ids(log(tmp_path / "a.log", times), since, until)
    assert found == [n for n, at in enumerate(times) if since <= at < until]
    assert read < (tmp_path / "a.log").stat().st_size / 4


@pytest.mark.parametrize(("pack", "why"), [(gzip.compress, "it is compressed"), (bytes, "a line is longer than 64 MiB")])
def test_what_cannot_be_searched_is_read_whole(tmp_path, monkeypatch, pack, why):
    """An archive has no middle to look at; neither has a line longer than what is looked at."""
    monkeypatch.setattr(window, "LONGEST", 100)
    path = log(tmp_path / "a.log", seconds(3000))
    path.write_bytes(pack(path.read_bytes()))
    found, _, whole = ids(path, FIRST + timedelta(seconds=100), FIRST + timedelta(seconds=103))
    assert found == [100, 101, 102]
    assert list(whole) == [path]
    assert whole[path].startswith(why[:9])
