"""Every entry of every format's dirty corpus is read as it was meant, and every line is counted where it belongs."""

import gzip
import random
from datetime import UTC, datetime, timedelta

import pytest
import zstandard

from helpers.logs.engine import Logs
from helpers.logs.formats import formats
from helpers.logs.schema import COLUMNS
from tests.logs.corpora import FORMATS, corpus

PACKED = {"plain": bytes, "gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}


def read(path):
    """The entries as the truth has them, and the account."""
    with Logs.open([path]) as logs:
        account = logs.account()[0]
        names = ", ".join("epoch_us(timestamp) as timestamp" if name == "timestamp" else name for name in COLUMNS)
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in logs.rows(f"select {names} from entries")]
    entries = [{k: moment(v) if k == "timestamp" else v for k, v in row.items() if v is not None} for row in rows]
    return account, entries


def moment(us):
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def told(account):
    names = ("lines", "parsed", "rejected", "blank", "unfinished", "continued")
    return {**{name: getattr(account, name) for name in names}, "mismatched": dict(account.mismatched)}


def same(found, truth):
    """Equal but for the last bits of a float."""
    return found.keys() == truth.keys() and all(
        found[k] == (pytest.approx(v, rel=1e-12) if isinstance(v, float) else v) for k, v in truth.items()
    )


def differences(found, truth):
    """The first entries that differ, column by column."""
    pairs = zip(found, truth, strict=False)
    wrong = [(f, t) for f, t in pairs if not same(f, t)]
    return [{k: (str(f.get(k))[:80], str(t.get(k))[:80]) for k in f.keys() | t.keys() if f.get(k) != t.get(k)} for f, t in wrong[:3]]


def test_every_format_has_a_corpus():
    """A new format brings its lines."""
    assert set(FORMATS) == set(formats())


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", FORMATS)
def test_it_is_read_as_it_was_meant(tmp_path, name, seed, packed):
    """Counts, and values entry by entry."""
    content, entries, counts = corpus(name, seed, tail=seed == 2)
    path = tmp_path / "app.log"
    path.write_bytes(PACKED[packed](content))
    account, found = read(path)
    assert (account.format, told(account)) == (name, counts)
    assert (len(found), differences(found, entries)) == (len(entries), [])


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "postgres_csv"])
def test_what_is_shown_as_rejected_is_what_was_rejected(tmp_path, name):
    """As many, each with its number: the lines that are left over are the entries and the blank ones."""
    content, _, counts = corpus(name, 3, lines=120)
    path = tmp_path / "app.log"
    path.write_bytes(content)
    with Logs.open([path]) as logs:
        shown = [one.line for _, one in logs.rejected(1000)]
    rest = [line for number, line in enumerate(content.split(b"\n")[:-1], 1) if number not in shown and line.strip()]
    assert (len(shown), len(rest)) == (counts["rejected"], counts["parsed"])


@pytest.mark.parametrize("packed", ["gz", "zst"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_cut_archive_is_read_as_far_as_it_goes(tmp_path, name, packed):
    """The entries are the first ones, as they were meant; the account says that it is cut, and is exact."""
    content, entries, counts = corpus(name, 8)
    whole = PACKED[packed](content)
    path = tmp_path / "app.log"
    path.write_bytes(whole[: len(whole) * 4 // 5])
    account, found = read(path)
    assert (account.truncated, differences(found, entries), account.lines) == (
        True,
        [],
        account.parsed + account.rejected + account.blank + account.unfinished,
    )
    assert (account.lines <= counts["lines"], account.unfinished <= 1 + account.lines // 50) == (True, True)


def damaged(content, choose):
    """The content with bytes changed, taken out, put in and repeated, where it hurts."""
    spoilt = bytearray(content)
    for _ in range(choose.choice([1, 5, 50])):
        kind, at = choose.random(), choose.randrange(len(spoilt))
        if kind < 0.4:
            spoilt[at] = choose.choice(b'\x00\r\n"\\{}[],: \xff\x1f\xef\xb7\x90')
        elif kind < 0.6:
            del spoilt[at : at + choose.choice([1, 1, 30])]
        elif kind < 0.8:
            spoilt[at:at] = bytes([choose.choice(b'\n\r"\x00\\,')])
        else:
            spoilt[at:at] = spoilt[choose.randrange(len(spoilt)) :][: choose.randrange(60)]
    return bytes(spoilt)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", FORMATS)
def test_whatever_is_damaged_the_sums_are_exact(tmp_path, name, seed):
    """Lines, entries, and the rejected ones that are shown."""
    content = damaged(corpus(name, seed, lines=25)[0], random.Random(seed))
    path = tmp_path / "a.log"
    path.write_bytes(content)
    with Logs.open([path], as_format=name) as logs:
        account, entries = logs.account()[0], logs.rows("select count(*) from entries")[0][0]
        shown = sum(1 for _ in logs.rejected(1000)) if name != "postgres_csv" else account.rejected  # there one may span lines
    assert (account.lines, account.entries, account.rejected) == (content.count(b"\n") + (content[-1:] != b"\n"), entries, shown)
