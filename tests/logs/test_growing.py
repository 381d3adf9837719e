"""A file that is written while it is read is read as it was when its lines were counted."""

import gzip
import threading

import pytest

from helpers.errors import RunbookError
from helpers.logs import cache
from helpers.logs.engine import Logs
from tests.logs.corpora import FORMATS, corpus

LINE = b'{"event": "x", "timestamp": "2026-03-03T08:00:00Z"}\n'


@pytest.mark.parametrize("name", FORMATS)
def test_every_answer_is_over_the_same_lines(tmp_path, name):
    """Appended to, byte by byte or line by line, between any two questions: the account stays exact and the entries stay the same."""
    content, _, _ = corpus(name, 5, lines=60)
    whole, _, _ = corpus(name, 6, lines=60)
    path = tmp_path / "app.log"
    path.write_bytes(content + whole[: len(whole) // 2])
    with Logs.open([path]) as logs:
        before = (logs.account(), logs.rows("select count(*), max(body) from entries"))
        for part in (whole[len(whole) // 2 : -9], whole[-9:]):
            with path.open("ab") as file:
                file.write(part)
            assert (logs.account(), logs.rows("select count(*), max(body) from entries")) == before
        assert len(list(logs.rejected(1000))) <= before[0][0].rejected


def test_a_writer_that_never_rests_breaks_no_sum(tmp_path):
    """Read again and again beside a thread that writes: each time a beginning of the file, exactly."""
    path = tmp_path / "app.log"
    path.write_bytes(LINE * 1000)
    stop = threading.Event()

    def write():
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(LINE[:20])
                file.write(LINE[20:])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counted = []
        for _ in range(10):
            with Logs.open([path]) as logs:
                account = logs.account()[0]
                counted.append((account.rejected, account.parsed - logs.rows("select count(*) from entries")[0][0], account.parsed >= 1000))
    finally:
        stop.set()
        writer.join()
    assert counted == [(0, 0, True)] * 10


def test_a_file_that_was_emptied_is_told(tmp_path):
    """What was counted is gone: no answer is better than one about something else."""
    path = tmp_path / "app.log"
    path.write_bytes(LINE * 10)
    with Logs.open([path]) as logs:
        path.write_bytes(LINE)
        with pytest.raises(RunbookError, match="was truncated while it was read"):
            logs.rows("select count(*) from entries")


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_what_was_kept_stays_right_when_the_file_grows(tmp_path, packed, monkeypatch):
    """The copy is of the file as it was; the account too."""
    monkeypatch.setattr(cache, "FEWEST_BYTES", 1)
    monkeypatch.setenv(cache.SETTING, str(tmp_path / "kept"))
    path = tmp_path / "app.log"
    path.write_bytes(packed(LINE * 10))
    with Logs.open([path]) as logs:
        found = [logs.rows("select count(*) from entries")[0][0] for _ in range(3)]
        with path.open("ab") as file:
            file.write(packed(LINE * 5))
        found += [logs.rows("select count(*) from entries")[0][0], logs.account()[0].parsed, logs.account()[0].lines]
    assert found == [10] * 6
