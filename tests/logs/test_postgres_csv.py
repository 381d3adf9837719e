"""csvlog: an entry spans as many lines as its statement has, and every one of them is accounted for."""

import asyncio
import csv
import gzip
import io

import asyncpg
import pytest

from helpers.logs.engine import Logs
from helpers.logs.formats.postgres_csv import NAMES

EVERYTHING = "select * exclude (timestamp), epoch_us(timestamp) as at from entries"


def record(n=0, *, columns=26, **fields):
    """One record as PostgreSQL writes it: text quoted, numbers and what is empty not."""
    given = {
        "timestamp": f"2026-03-03 08:00:0{n % 10}.123 UTC", "user": '"app"', "dbname": '"shop"', "pid": "71", "connection_from": '"10.0.0.7:5123"',
        "session_id": "65e4.1f", "line_num": str(n + 1), "ps": '"SELECT"', "session_start": "2026-03-03 07:00:00 UTC", "vxid": "3/7",
        "txid": "0", "error_severity": "LOG", "state_code": "00000", "message": '"done"', "application_name": '"api"',
        "backend_type": '"client backend"', "query_id": "0",
    }  # fmt: skip
    values = {**given, **{k: '"' + v.replace('"', '""') + '"' for k, v in fields.items()}}
    return ",".join(values.get(name, "") for name in NAMES[:columns]) + "\n"


def read(path, content, **how):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with Logs.open([path], **how) as logs:
        return logs.account()[0], logs.rows(EVERYTHING), list(logs.rejected())


@pytest.mark.parametrize("columns", [23, 24, 26, 28])
def test_each_version_is_recognised(tmp_path, columns):
    """Columns that a later version appends do no harm."""
    account, rows, _ = read(tmp_path / "a.csv", "".join(record(n, columns=columns) for n in range(5)))
    assert (account.format, account.parsed, len(rows)) == ("postgres_csv", 5, 5)


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gz"])
def test_an_entry_of_many_lines_is_one_entry(tmp_path, packed, ending):
    """Its lines, the blank ones too, are parsed ones; quotes are undone."""
    statement = "select \"a\"\n\nfrom t -- ,\"x\",\n where b = ''''"
    text = (record(1) + record(2, statement=statement) + "\n" + record(3)).replace("\n", ending)
    path = tmp_path / "a.csv"
    path.write_bytes(packed(text.encode()))
    with Logs.open([path]) as logs:
        account = logs.account()[0]
        statements = [s for (s,) in logs.rows("select db_query_text from entries where db_query_text is not null")]
    assert (account.lines, account.parsed, account.entries, account.blank, account.rejected) == (7, 6, 3, 1, 0)
    assert statements == [statement.replace("\n", ending)]


def test_a_statement_that_looks_like_a_record_is_a_statement(tmp_path):
    """What clients write forges no entry."""
    forged = "select 1\n" + record(9, message="forged") + record(8)
    account, rows, _ = read(tmp_path / "a.csv", record(1) + record(2, statement=forged) + record(3))
    assert (account.entries, account.rejected, any("forged" in str(row[1]) for row in rows)) == (3, 0, False)


def test_a_cut_record_costs_no_other_one(tmp_path):
    """The next one's quotes come where none may be."""
    cut = record(2, statement="select 1\nfrom t").encode()[:-30]
    content = record(1).encode() + cut + b"\n" + record(3).encode() + b"garbage, it's \"one\n" + record(4).encode()
    account, rows, rejected = read(tmp_path / "a.csv", content)
    assert (account.entries, account.rejected, len(rows)) == (3, 3, 3)
    assert [(one.line, one.reason.split(":")[0]) for _, one in rejected] == [
        (2, "a record that is cut"),
        (5, "does not have the shape of a csvlog record"),
    ]


@pytest.mark.parametrize(
    "tail", [record(2, statement="select 1\nfrom t")[:-30], record(2)[:-4], "2026-03"], ids=["open", "columns", "time"]
)
def test_what_is_being_written_is_unfinished(tmp_path, tail):
    """All of its lines."""
    account, rows, _ = read(tmp_path / "a.csv", record(1) + tail)
    assert (account.parsed, account.rejected, account.unfinished, len(rows)) == (1, 0, tail.count("\n") + 1, 1)


def test_other_columns_and_bytes_are_rejected_with_the_reason(tmp_path):
    """Two records on one line, too few columns, no pid, not UTF-8."""
    two = record(1).rstrip("\n") + record(2)
    few = ",".join(record(1).split(",")[:20]) + "\n"
    no_pid = record(1).replace(",71,", ",x,")
    bad = record(1).encode().replace(b"done", b"\xff")
    content = record(1).encode() * 3 + two.encode() + few.encode() + no_pid.encode() + bad
    account, _, rejected = read(tmp_path / "a.csv", content)
    assert (account.parsed, account.rejected) == (3, 4)
    assert [one.reason for _, one in rejected] == [
        "51 columns: csvlog has 23 to 26",
        "20 columns: csvlog has 23 to 26",
        "column 4 is no pid",
        "not UTF-8",
    ]


async def settled(*paths):
    """The log collector, which outlives the server, has written what it had."""
    before = None
    for _ in range(100):
        now = [path.read_bytes() for path in paths]
        if now == before and all(b"nowhere" in content for content in now):
            return
        before = now
        await asyncio.sleep(0.2)


async def test_the_servers_own_csvlog_says_what_its_jsonlog_says(fresh_sandbox):
    """A real server writes both; statements over several lines, an error, hostile text: the entries are equal, and as many as Python's csv reads."""
    settings = {
        "logging_collector": "on", "log_destination": "csvlog,jsonlog", "log_directory": "log", "log_filename": "server.log",
        "log_statement": "all", "log_duration": "on",
    }  # fmt: skip
    async with fresh_sandbox(services=("postgres",), rows=1000, postgres_settings=settings) as sandbox:
        connection = await asyncpg.connect(sandbox.postgres_dsn, server_settings={"application_name": 'a "b", c'})
        await connection.execute('select 1,\n\n \'"x",\' as "é" -- 2026-03-03 08:00:00.123 UTC,')
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("select *\nfrom nowhere")
        await connection.close()
        await sandbox.kill("postgres")
        folder = next(sandbox.folder.rglob("server.csv")).parent
        await settled(folder / "server.csv", folder / "server.json")
        with Logs.open([folder / "server.csv"]) as csvlog, Logs.open([folder / "server.json"]) as jsonlog:
            account, ours, theirs = csvlog.account()[0], *(one.rows(EVERYTHING) for one in (csvlog, jsonlog))
        text = (folder / "server.csv").read_bytes().decode()
    entries = len(list(csv.reader(io.StringIO(text, newline=""))))
    assert (account.format, account.entries, account.parsed, account.rejected) == ("postgres_csv", entries, text.count("\n"), 0)
    assert (ours, len(ours)) == (theirs, entries)
