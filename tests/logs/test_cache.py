"""Copies of large files: used while the file is as it was, never after, and bounded."""

import json

import pytest

from helpers.logs import cache
from helpers.logs.engine import Logs


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """A cache of one's own, for files of any size."""
    monkeypatch.setenv(cache.SETTING, str(tmp_path / "kept"))
    monkeypatch.setattr(cache, "FEWEST_BYTES", 1)
    return tmp_path / "kept"


def log(path, count, status=200):
    lines = [
        {
            "event": "request",
            "timestamp": f"2026-03-03T08:00:{i % 60:02}Z",
            "level": "info",
            "http_response_status_code": status,
            "path": f"/a/{i}",
        }
        for i in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "not JSON\n\n")
    return path


def asked(path, times):
    with Logs.open([path]) as logs:
        return [
            logs.rows("select count(*), min(timestamp)::varchar, sum(http_response_status_code) from entries") for _ in range(times)
        ], logs.account()


def copies(folder):
    return sorted(folder.glob("*.parquet")) if folder.exists() else []


def test_asked_once_nothing_is_kept(small, tmp_path):
    """Who asks one question does not pay for the next."""
    asked(log(tmp_path / "a.log", 50), 1)
    assert not copies(small)


def test_asked_twice_the_answers_stay_the_same(small, tmp_path):
    """The second question makes the copy; later ones, and later runs, read it and answer alike, and every line is still accounted for."""
    path = log(tmp_path / "a.log", 50)
    first, account = asked(path, 1)
    several, same_account = asked(path, 3)
    assert several == first * 3
    assert len(copies(small)) == 1
    again, last_account = asked(path, 1)
    assert again == first
    assert account == same_account == last_account


def test_a_copy_is_read_by_its_owner_only(small, tmp_path):
    """It holds what the log holds."""
    asked(log(tmp_path / "a.log", 50), 2)
    assert small.stat().st_mode & 0o077 == 0
    assert copies(small)[0].stat().st_mode & 0o077 == 0


def test_any_write_makes_the_copy_void(small, tmp_path):
    """Appended, rewritten at the same size, replaced: the file is what counts."""
    path = log(tmp_path / "a.log", 50)
    asked(path, 2)
    with path.open("a") as file:
        file.write('{"event": "request", "timestamp": "2026-03-03T09:00:00Z", "level": "info", "http_response_status_code": 200}\n')
    assert asked(path, 2)[0][0][0][0] == 51
    log(path, 50, status=201)
    assert asked(path, 2)[0][0][0][2] == 50 * 201
    other = log(tmp_path / "b.log", 50, status=202)
    other.replace(path)
    assert asked(path, 2)[0][0][0][2] == 50 * 202


def test_a_copy_that_is_damaged_is_not_believed(small, tmp_path):
    """Half a copy, as a full disk leaves it, is made anew."""
    path = log(tmp_path / "a.log", 50)
    first, _ = asked(path, 2)
    copy = copies(small)[0]
    copy.write_bytes(copy.read_bytes()[:-20])
    assert asked(path, 2)[0] == first


def test_off_keeps_nothing(small, tmp_path, monkeypatch):
    """Whoever must not have copies of logs says so."""
    monkeypatch.setenv(cache.SETTING, "off")
    asked(log(tmp_path / "a.log", 50), 3)
    assert not copies(small)


def test_a_folder_that_cannot_be_written_is_no_trouble(small, tmp_path, monkeypatch):
    """A file where the folder should be: the log is read as ever."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.SETTING, str(tmp_path / "file" / "below"))
    assert asked(log(tmp_path / "a.log", 50), 3)[0][2][0][0] == 50


def test_what_is_kept_is_bounded(small, tmp_path, monkeypatch):
    """What was not used for longest goes first; the newest stays whatever its size."""
    monkeypatch.setattr(cache, "MOST_BYTES", 1)
    asked(log(tmp_path / "a.log", 50), 2)
    asked(log(tmp_path / "b.log", 60), 2)
    assert len(copies(small)) == 1
    assert asked(tmp_path / "b.log", 1)[0][0][0][0] == 60
