"""Logs are followed while they are written, rotated and truncated; the account is exact at every moment."""

import os
import random
import threading
from collections import Counter

import pytest

from helpers.errors import ParameterError
from helpers.logs.follow import follow
from tests.logs.corpora import FORMATS, corpus


def line(number):
    return b'{"event": "e%d", "timestamp": "2026-03-03T08:00:00Z"}\n' % number


class Reader:
    """Follows by hand: one look at a time."""

    def __init__(self, *patterns, **how):
        self.going = True
        self.batches = follow(patterns, poll_s=0.0, more=lambda: self.going, **how)
        self.bodies, self.rejected, self.accounts = [], [], []

    def look(self, times=2):
        for _ in range(times):
            batch = next(self.batches)
            self.bodies += batch.entries["body"].tolist()
            self.rejected += [(one.line, one.reason) for _, one in batch.rejected]
            self.accounts = batch.accounts
        return self

    def sums(self):
        return [(a.lines, a.parsed, a.rejected, a.blank, a.unfinished) for a in self.accounts]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.batches.close()


def test_what_is_appended_comes_once(tmp_path):
    """Line by line; a part of a line is unfinished until the rest comes."""
    path = tmp_path / "a.log"
    path.write_bytes(line(1) + line(2)[:9])
    with Reader(path) as reader:
        assert reader.look().sums() == [(2, 1, 0, 0, 1)]
        with path.open("ab", buffering=0) as file:
            file.write(line(2)[9:] + b"\n" + b"rubbish\n" + line(3))
        assert reader.look().sums() == [(5, 3, 1, 1, 0)]
    assert (reader.bodies, [number for number, _ in reader.rejected]) == (["e1", "e2", "e3"], [4])


def test_a_rotation_by_renaming_loses_nothing(tmp_path):
    """The writer may go on writing to the old one for a while; its new name is not read again."""
    path = tmp_path / "a.log"
    path.write_bytes(line(1))
    with Reader(tmp_path / "a.log*") as reader, path.open("ab", buffering=0) as old:
        reader.look()
        path.rename(tmp_path / "a.log.1")
        old.write(line(2)[:7])
        path.write_bytes(line(3))
        reader.look()
        old.write(line(2)[7:])
        reader.look()
        (tmp_path / "a.log.1").unlink()
        old.write(line(4))
        reader.look(4)
    assert (sorted(reader.bodies), reader.sums()) == (["e1", "e2", "e3", "e4"], [(3, 3, 0, 0, 0), (1, 1, 0, 0, 0)])


def test_a_truncation_begins_anew(tmp_path):
    """Smaller, or as long again by the time it is looked at; the part of a line that was there stays unfinished."""
    path = tmp_path / "a.log"
    path.write_bytes(line(1) + line(2)[:5])
    with Reader(path) as reader:
        reader.look()
        os.truncate(path, 0)
        path.write_bytes(line(3))
        reader.look(3)
        path.write_bytes(line(4) + line(5) + line(6))
        reader.look(3)
    assert (reader.bodies, reader.sums()) == (["e1", "e3", "e4", "e5", "e6"], [(2, 1, 0, 0, 1), (1, 1, 0, 0, 0), (3, 3, 0, 0, 0)])


def test_from_the_end_only_what_comes_is_read(tmp_path):
    """Also the line that was being written; a file that appears later is read from its start."""
    path = tmp_path / "a.log"
    path.write_bytes(line(1) * 5000 + line(2)[:9])
    with Reader(tmp_path / "*.log", from_start=False) as reader:
        reader.look()
        with path.open("ab") as file:
            file.write(line(2)[9:])
        (tmp_path / "b.log").write_bytes(line(3))
        reader.look(3)
    assert (sorted(reader.bodies), reader.sums()) == (["e2", "e3"], [(1, 1, 0, 0, 0)] * 2)


def test_a_file_that_is_no_log_is_refused(tmp_path):
    """After enough lines to know; until then they are unfinished."""
    path = tmp_path / "a.log"
    path.write_bytes(b"once\nupon a time\n")
    with Reader(path) as reader:
        assert reader.look().sums() == [(2, 0, 0, 0, 2)]
        path.write_bytes(b"once\nupon a time\n" * 200)
        with pytest.raises(ParameterError, match="no known log format fits"):
            reader.look(3)


@pytest.mark.parametrize("name", FORMATS)
def test_a_dirty_corpus_in_pieces_is_the_same_corpus(tmp_path, name):
    """Written in pieces of any size: at each moment the sum is exact, and at the end the counts and the entries are the truth's."""
    content, entries, counts = corpus(name, 11, lines=80)
    choose, path, at = random.Random(3), tmp_path / "a.log", 0
    path.touch()
    with Reader(path, as_format=name) as reader, path.open("ab", buffering=0) as file:
        while at < len(content):
            size = choose.choice([1, 100, 3000, 200_000])
            file.write(content[at : at + size])
            at += size
            reader.look(1)
            physical = content[:at].count(b"\n") + (not content[:at].endswith(b"\n"))
            assert sum(a.lines for a in reader.accounts) == physical
        reader.look()
        account = reader.accounts[0]
    told = {key: getattr(account, key) for key in counts if key != "mismatched"} | {"mismatched": dict(account.mismatched)}
    assert (told, Counter(map(str, reader.bodies))) == (counts, Counter(e.get("body", "None") for e in entries))


def test_a_writer_thread_that_rotates_and_writes_parts_loses_nothing(tmp_path):
    """A real writer beside the reader, renaming every hundred lines."""
    path, done = tmp_path / "app.log", threading.Event()
    path.touch()

    def write():
        file = path.open("ab", buffering=0)
        for number in range(1000):
            file.write(line(number)[:11])
            file.write(line(number)[11:])
            if number % 100 == 99:
                path.rename(tmp_path / f"app.log.{number}")
                file.close()
                file = path.open("ab", buffering=0)
        file.close()
        done.set()

    writer, found, accounts = threading.Thread(target=write), [], []
    writer.start()
    batches = follow([tmp_path / "app.log*"], as_format="structlog_json", poll_s=0.01)
    while not done.is_set() or len(found) < 1000:
        batch = next(batches)
        found += batch.entries["body"].tolist()
        accounts = batch.accounts
    batches.close()
    writer.join()
    assert (sorted(found), sum(a.parsed for a in accounts), sum(a.lines for a in accounts)) == (
        sorted(f"e{n}" for n in range(1000)),
        1000,
        1000,
    )
