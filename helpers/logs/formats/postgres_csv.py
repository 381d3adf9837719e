"""PostgreSQL's csvlog: 23 columns until 12, 24 in 13, 26 since 14; a statement or a message may span lines.

A record ends where its quotes are closed, not where its line ends. What a client wrote is quoted, and its own quotes doubled, so a
statement that looks like log lines stays a statement; a record that was cut is known by the next one's quotes, which come where none may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from helpers.logs.folding import FoldedFormat, Kind, Record
from helpers.logs.formats.postgres_json import FORMAT as JSONLOG

# as jsonlog names them; `connection_from` is host:port in one
NAMES = (
    "timestamp", "user", "dbname", "pid", "connection_from", "session_id", "line_num", "ps", "session_start", "vxid", "txid",
    "error_severity", "state_code", "message", "detail", "hint", "internal_query", "internal_position", "context", "statement",
    "cursor_position", "location", "application_name", "backend_type", "leader_pid", "query_id",
)  # fmt: skip
FEWEST = 23
MOST = FEWEST + 13  # columns later versions may append; two records on one line have more
LONGEST = 1 << 28  # bytes: a record that is not closed within them never will be
_FIELD = rb'(?:"[^"]*+(?:""[^"]*+)*+"|(?!")[^",]*+)'
_OPEN = rb'"[^"]*+(?:""[^"]*+)*+'
_BEGINS = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [^,\"]+,")
_FIRST = re.compile(rb"%b(?:,%b)*+(?P<open>,%b)?+" % (_FIELD, _FIELD, _OPEN))
_NEXT = re.compile(rb'[^"]*+(?:""[^"]*+)*+(?P<closed>"(?:,%b)*+(?P<open>,%b)?+)?' % (_FIELD, _OPEN))
_SPLIT = re.compile(rb"(?:\A|,)(%b)" % _FIELD)
_PARTICULAR = {"pid": r"\d*", "session_id": r"[0-9a-f]+\.[0-9a-f]+", "line_num": r"\d+", "state_code": r"[0-9A-Z]{5}"}


class _CsvLog(FoldedFormat):
    def records(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[Record]:
        held: list[bytes] = []
        first = size = 0
        for number, line in lines:
            state = _state(_NEXT, line) if held and size <= LONGEST else "broken"
            if held and state == "broken":
                yield _rejected(first, held, "a record that is cut: its quotes are not closed")
                held = []
            if not held:
                first, size, state = number, 0, _begun(line)
            held.append(line)
            size += len(line)
            if state != "open":
                yield _finished(state, first, held)
                held = []
        if held:
            yield Record(Kind.UNFINISHED, first, len(held), b"".join(held))


def _begun(line: bytes) -> str:
    """Return what a line is that continues nothing."""
    if not line.strip():
        return "blank"
    return _state(_FIRST, line) if _BEGINS.match(line) else "broken"


def _state(pattern: re.Pattern[bytes], line: bytes) -> str:
    """Return whether the record is `closed` after this line, goes on in an `open` field, or is `broken`."""
    text = line.removesuffix(b"\n").removesuffix(b"\r")
    found = pattern.fullmatch(text)
    if found is None:
        return "broken"
    inside = "closed" in pattern.groupindex and found["closed"] is None
    return "open" if inside or found["open"] is not None else "closed"


def _finished(state: str, first: int, held: list[bytes]) -> Record:
    text = b"".join(held)
    if state == "blank":
        return Record(Kind.BLANK, first, 1, text)
    if not text.endswith(b"\n"):  # PostgreSQL ends each record with one; without, columns may be missing
        return Record(Kind.UNFINISHED, first, len(held), text)
    if state == "broken":
        return _rejected(first, held, "does not have the shape of a csvlog record")
    try:
        values = [_value(field.decode()) for field in _SPLIT.findall(text.rstrip(b"\r\n"))]
    except UnicodeDecodeError:
        return _rejected(first, held, "not UTF-8")
    if not FEWEST <= len(values) <= MOST:
        return _rejected(first, held, f"{len(values)} columns: csvlog has {FEWEST} to {len(NAMES)}")
    fields = dict(zip(NAMES, values, strict=False))
    wrong = next((name for name, shape in _PARTICULAR.items() if not re.fullmatch(shape, fields[name])), "")
    if wrong:
        return _rejected(first, held, f"column {NAMES.index(wrong) + 1} is no {wrong}")
    return Record(Kind.ENTRY, first, len(held), text, _as_jsonlog(fields))


def _value(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def _as_jsonlog(fields: Mapping[str, str]) -> dict[str, str]:
    """The keys and values that jsonlog would have: what is empty is left out, and so is the state of plain lines."""
    host, colon, port = fields["connection_from"].rpartition(":")
    own = {"remote_host": host if colon else port, "remote_port": port if colon else ""}
    kept = {k: v for k, v in {**fields, **own}.items() if v and k != "connection_from"}
    if kept["state_code"] == "00000":
        del kept["state_code"]
    return kept


def _rejected(first: int, held: list[bytes], reason: str) -> Record:
    return Record(Kind.REJECTED, first, len(held), b"".join(held), reason=reason)


FORMAT = _CsvLog("postgres_csv", columns=JSONLOG.columns)
