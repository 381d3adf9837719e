"""Every line of every format is accounted for, however dirty, plain or compressed."""

import gzip
import json
import random

import pytest
import zstandard

from helpers.logs.engine import Logs
from helpers.logs.formats import formats

GOOD = {
    "structlog_json": '{"event": "request", "timestamp": "2026-03-03T08:00:0%dZ", "level": "info", "status": 200, "path": "/orders/%d", "duration_ms": 1.5}',
    "python_json_logger": '{"message": "served", "levelname": "INFO", "asctime": "2026-03-03 08:00:0%d,910", "status_code": %d}',
    "pino": '{"level": 30, "time": 177252480%d000, "pid": 7, "hostname": "h", "msg": "done %d"}',
    "vercel": '{"id": "a", "deploymentId": "d", "projectId": "p", "source": "lambda", "timestamp": 177252480%d123, "level": "info", "message": "x %d"}',
    "nginx_json": '{"time_iso8601": "2026-03-03T08:00:0%d+00:00", "request_time": "0.012", "status": "200", "request_uri": "/a/%d?q=1", "body_bytes_sent": 5}',
    "postgres_json": '{"timestamp": "2026-03-03 08:00:0%d.123 UTC", "pid": %d, "error_severity": "LOG", "message": "duration: 5.2 ms  statement: select 1", "backend_type": "client backend"}',
    "postgres_csv": '2026-03-03 08:00:0%d.123 UTC,"u","db",%d,"10.0.0.1:5",65e4.1f,1,"SELECT",2026-03-03 07:00:00 UTC,3/7,0,LOG,00000,"duration: 5.2 ms",,,,,,"select 1",,,"app","client backend",,0',
    "nginx_combined": '10.0.0.1 - - [03/Mar/2026:08:00:0%d +0000] "GET /a/%d HTTP/1.1" 200 12 "-" "curl/8"',
    "uvicorn_access": 'INFO:     127.0.0.1:3544%d - "GET /health/%d HTTP/1.1" 200 OK',
    "redis_log": "1:M 03 Mar 2026 08:00:0%d.123 * Ready to accept connections %d",
}
BAD = [
    b'{"timestamp": "2026-03-03T08:00:00Z", "event": "cut',
    b"Traceback (most recent call last):",
    b"\xff\xfe not utf-8",
    b"null",
    b"42",
    b"[1, 2]",
    b'{"a": 1}{"b": 2}',
]
BLANK = [b"", b"   ", b"\t"]


def corpus(name: str, seed: int, *, ending: bytes = b"\n") -> tuple[bytes, dict[str, int]]:
    """A file of 500 lines in random order, with what is in it."""
    choose = random.Random(seed)
    lines, counts = [], {"parsed": 0, "rejected": 0, "blank": 0}
    for number in range(500):
        kind = choose.choices(["parsed", "rejected", "blank"], [8, 1, 1])[0]
        counts[kind] += 1
        good = (GOOD[name] % (number % 10, number)).encode()
        lines.append({"parsed": good, "rejected": choose.choice(BAD), "blank": choose.choice(BLANK)}[kind])
    return ending.join(lines) + ending, counts


def accounted(path, **how):
    with Logs.open([path], **how) as logs:
        return logs.account()[0]


def test_every_format_has_a_corpus():
    """A new format brings its lines."""
    assert set(GOOD) == set(formats())


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("packed", ["plain", "gz", "zst"])
@pytest.mark.parametrize("name", list(GOOD))
def test_the_sum_is_exact(tmp_path, name, packed, ending):
    """Recognised by content; parsed, rejected and blank as written."""
    content, counts = corpus(name, seed=7, ending=ending)
    pack = {"plain": bytes, "gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}[packed]
    path = tmp_path / f"odd 'name' [{name}]*?.log"
    path.write_bytes(pack(content))
    account = accounted(path)
    assert (account.format, {k: getattr(account, k) for k in counts}, account.unfinished) == (name, counts, 0)


def test_formats_are_mixed_in_one_run(tmp_path):
    """Each file by its own content."""
    for name in GOOD:
        (tmp_path / f"{name}.log").write_bytes(corpus(name, seed=1)[0])
    with Logs.open([tmp_path / "*.log"]) as logs:
        parsed = sum(account.parsed for account in logs.account())
        assert (len(logs.files), logs.rows("select count(*) from entries")[0][0]) == (len(GOOD), parsed)


@pytest.mark.parametrize("packed", ["gz", "zst"])
def test_a_cut_archive_gives_what_is_readable_and_says_so(tmp_path, packed):
    """A cut .zst is no error to its reader; here it is told."""
    content = b"".join((GOOD["structlog_json"] % (i % 10, i)).encode() + b"\n" for i in range(200_000))
    pack = {"gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}[packed](content)
    path = tmp_path / f"app.{packed}"
    path.write_bytes(pack[: len(pack) * 2 // 3])
    account = accounted(path)
    assert (account.truncated, account.parsed > 1000, account.lines) == (True, True, account.parsed + account.unfinished)
    assert "cut in the middle" in account.summary


def test_a_tail_without_newline_is_in_progress_not_rejected(tmp_path):
    """A whole one is an entry."""
    path = tmp_path / "a.log"
    line = (GOOD["structlog_json"] % (1, 1)).encode()
    path.write_bytes(line + b"\n" + line[:30])
    cut = accounted(path)
    path.write_bytes(line + b"\n" + line)
    whole = accounted(path)
    assert ((cut.parsed, cut.unfinished, cut.rejected), (whole.parsed, whole.unfinished)) == ((1, 1, 0), (2, 0))


@pytest.mark.parametrize("name", ["nginx_combined", "uvicorn_access", "redis_log"])
def test_a_tail_of_free_text_is_never_whole(tmp_path, name):
    """Nobody can say whether it was cut: it is no entry with a wrong end."""
    path = tmp_path / "a.log"
    line = (GOOD[name] % (1, 1)).encode()
    path.write_bytes(line + b"\n" + line)
    with Logs.open([path]) as logs:
        account = logs.account()[0]
        assert (account.parsed, account.unfinished, logs.rows("select count(*) from entries"), list(logs.rejected())) == (1, 1, [(1,)], [])


@pytest.mark.parametrize(
    "content",
    [b"", b"\n  \n", b"\xef\xbb\xbf", gzip.compress(b""), gzip.compress(b"x" * 10**6)[:20]],
    ids=["empty", "blank", "bom", "gz", "cut gz"],
)
def test_a_file_with_nothing_in_it_is_no_error(tmp_path, content):
    """Rotated just now, or an archive cut at its head; the others of the run are read."""
    (tmp_path / "a.log").write_bytes(content)
    (tmp_path / "b.log").write_bytes((GOOD["pino"] % (1, 1)).encode() + b"\n")
    with Logs.open([tmp_path / "*.log"]) as logs:
        empty, other = logs.account()
        found = (empty.format, empty.parsed, empty.rejected, other.parsed, logs.rows("select count(*) from entries"), list(logs.rejected()))
    assert found == ("empty", 0, 0, 1, [(1,)], [])


def test_a_byte_order_mark_costs_no_line(tmp_path):
    """Windows writes one."""
    path = tmp_path / "a.log"
    path.write_bytes(b"\xef\xbb\xbf" + (GOOD["structlog_json"] % (1, 1)).encode() + b"\n")
    assert accounted(path).parsed == 1


def test_a_line_of_80_mb_is_one_entry(tmp_path):
    """The reader's own bound is raised to it."""
    path = tmp_path / "a.log"
    big = json.dumps({"event": "x", "timestamp": "2026-03-03T08:00:00Z", "blob": "y" * 80_000_000})
    path.write_text(big + "\n" + GOOD["structlog_json"] % (1, 1) + "\n")
    assert accounted(path).parsed == 2


def test_fields_that_do_not_convert_are_counted(tmp_path):
    """They are NULL, and not in silence."""
    path = tmp_path / "a.log"
    path.write_text(
        '{"event": "a", "timestamp": "yesterday", "status": "abc", "duration_ms": 1}\n{"event": "a", "timestamp": "2026-03-03T08:00:00Z", "status": "200"}\n'
    )
    with Logs.open([path]) as logs:
        account = logs.account()[0]
        values = logs.rows("select http_response_status_code from entries order by 1 nulls first")
    assert (dict(account.mismatched), values) == ({"timestamp": 1, "http_response_status_code": 1}, [(None,), (200,)])


def test_rejected_lines_are_shown_with_number_and_reason(tmp_path):
    """Redacted text, cut."""
    path = tmp_path / "a.log"
    good = (GOOD["structlog_json"] % (1, 1)).encode()
    path.write_bytes(b"\n".join([good, b"", b"postgres://u:hunter22secret@h/db x", b"\xff", b'{"a":1}{"b":2}', good]) + b"\n")
    with Logs.open([path]) as logs:
        found = [one for _, one in logs.rejected()]
    assert [(one.line, one.reason.split(":")[0]) for one in found] == [
        (3, "not JSON"),
        (4, "not UTF-8 at byte 1"),
        (5, "more than one JSON value on the line"),
    ]
    assert "hunter22secret" not in found[0].text


def test_an_unknown_format_is_said_with_what_was_seen(tmp_path):
    """Not guessed."""
    path = tmp_path / "a.log"
    path.write_text("once upon a time\n" * 5)
    with pytest.raises(Exception, match=r"no known log format fits\. Its first line: once upon a time"):
        Logs.open([path])


def objects(count):
    return [
        json.dumps(
            {
                "id": str(n),
                "deploymentId": "d",
                "projectId": "p",
                "source": "lambda",
                "timestamp": 1772524800123 + n,
                "message": "a\nb, ] é",
            }
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("packed", ["plain", "gz"])
@pytest.mark.parametrize(
    ("text", "parsed", "rejected"),
    [
        ("[" + ",".join(objects(300)) + "]", 300, 0),
        (json.dumps([json.loads(o) for o in objects(300)], indent=2), 300, 0),
        ("".join(f"[{a},{b}]\n" for a, b in zip(objects(200)[::2], objects(200)[1::2], strict=True)), 200, 0),
        ("[" + ",".join(objects(50)) + "]\n[{broken}, 2]\n[" + ",".join(objects(50)) + "]\n", 100, 1),
        ("[" + ",".join(objects(20)) + ',{"id": "cut', 20, 1),
        ("[]", 0, 0),
    ],
    ids=["one", "pretty", "per line", "a broken line", "cut", "empty"],
)
def test_arrays_are_read_object_by_object(tmp_path, packed, text, parsed, rejected):
    """As a log drain posts them: one array, one for each post, however it is laid out; what is broken is rejected, the rest is not lost."""
    path = tmp_path / "drain.json"
    path.write_bytes({"plain": bytes, "gz": gzip.compress}[packed](text.encode()))
    with Logs.open([path], as_format="vercel") as logs:
        account = logs.account()[0]
        bodies = logs.rows("select distinct body from entries")
    assert (account.parsed, account.rejected + account.unfinished, account.path) == (parsed, rejected, path)
    assert bodies == ([("a\nb, ] é",)] if parsed else [])
