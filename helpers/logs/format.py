"""What a log format is: how it is recognised, and which of its fields is which column of the schema.

Every value is read as text and converted here, so that a field that does not convert can be counted, as against becoming NULL
in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.schema import COLUMNS

__all__ = ["HTTP", "Column", "Format", "JsonFormat", "LineFormat", "column", "number", "quoted", "text", "time", "whole"]


def quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `raw` is the SQL of its text as written, `value` the SQL of its value; the two differ where it converts."""

    raw: str
    value: str

    def typed(self, name: str) -> str:
        """Return the SQL of its value in the schema's type of that column; NULL where it does not fit."""
        return f"try_cast({self.value} as {COLUMNS[name]})"


def column(sql: str) -> Column:
    """Return a column of text, by any SQL."""
    return Column(sql, sql)


def _first(names: Sequence[str]) -> str:
    fields = [quoted(name) if re.fullmatch(r"[\w.@-]+", name) else name for name in names]
    return fields[0] if len(fields) == 1 else f"coalesce({', '.join(fields)})"


def text(*names: str) -> Column:
    """Return the first of these fields that is there, as text."""
    return column(_first(names))


def time(*names: str) -> Column:
    """Return a point in time: ISO 8601 with or without offset, comma decimals, or epoch seconds, ms, µs or ns."""
    raw = _first(names)
    return Column(raw, f"as_time({raw})")


def number(*names: str, times: float = 1.0) -> Column:
    """Return a number, `times` a factor of unit."""
    raw = _first(names)
    return Column(raw, f"as_number({raw})" + (f" * {times:g}" if times != 1.0 else ""))


def whole(*names: str) -> Column:
    """Return a whole number; `"200"` as text is 200."""
    raw = _first(names)
    return Column(raw, f"try_cast({raw} as bigint)")


PATH = ("url_path", "path", "url", "request_uri", "uri")
QUERY = ("url_query", "query_string", "url.query")
HTTP: Mapping[str, Column] = {
    "http_request_method": text("http_request_method", "method", "http_method", "request_method", "http.request.method"),
    "http_route": text("http_route", "route", "http.route"),
    "url_path": column(f"path_of({_first(PATH)})"),
    "url_query": column(f"coalesce(nullif({_first(QUERY)}, ''), query_of({_first(PATH)}))"),
    "http_response_status_code": whole("http_response_status_code", "status", "status_code", "statusCode", "http.response.status_code"),
    "duration_ms": number("duration_ms", "responseTime", "latency_ms", "elapsed_ms"),
    "request_id": text("request_id", "requestId", "req_id", "correlation_id", "x_request_id"),
    "trace_id": text("trace_id", "traceId", "trace.id"),
    "span_id": text("span_id", "spanId", "span.id"),
    "client_address": text("client_address", "client_ip", "remote_addr", "ip", "client.address"),
    "user_agent_original": text("user_agent_original", "user_agent", "http_user_agent", "userAgent"),
    "service_name": text("service_name", "service", "app", "service.name"),
    "service_version": text("service_version", "version", "release", "service.version"),
    "deployment_id": text("deployment_id", "deploymentId"),
    "deployment_environment_name": text("deployment_environment_name", "environment", "env"),
    "cloud_region": text("cloud_region", "region"),
    "tenant_id": text("tenant_id", "tenant", "account_id", "org_id"),
    "host_name": text("host_name", "hostname"),
    "process_pid": whole("process_pid", "pid", "process"),
    "error_type": text("error_type", "exc_type", "error.type"),
}
"""What most JSON logs of web applications say of a request, under the names in use."""


@dataclass(frozen=True)
class Format:
    """One log format; `columns` is schema column → Column."""

    name: str
    columns: Mapping[str, Column] = field(default_factory=dict)

    def score(self, lines: Sequence[bytes]) -> float:
        """Return the share of `lines` that are of this format, 0 to 1; the best one is taken, the more particular first."""
        raise NotImplementedError

    def certain(self, line: bytes) -> bool:
        """Return whether the line is surely an entry; when it is not said to be, the reader has to be asked."""
        raise NotImplementedError

    def select(self) -> str:
        """Return the SELECT list of the schema's columns over this format's raw fields."""
        known = self.columns
        return ", ".join(f"{known[c].typed(c)} as {c}" if c in known else f"cast(null as {t}) as {c}" for c, t in COLUMNS.items())


@dataclass(frozen=True)
class JsonFormat(Format):
    """One JSON object a line. `wants` are keys that tell it; `nested` those that are read as JSON, to be taken apart in SQL."""

    wants: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    particular: float = 1.0

    def score(self, lines: Sequence[bytes]) -> float:
        """Return the share of lines that are objects with all keys of `wants`, weighted by how particular they are."""
        hits = sum(1 for line in lines if self._fits(_object(line)))
        return self.particular * hits / max(len(lines), 1)

    def certain(self, line: bytes) -> bool:
        """Return whether all of `wants` are there and say something; a half of a surrogate pair is for the reader to judge."""
        found = _object(line) if b"\\ud" not in line.lower() else {}
        return bool(found) and all(any(found.get(key) is not None for key in want.split("|")) for want in self.wants)

    def _fits(self, found: Mapping[str, Any]) -> bool:
        return bool(found) and all(any(key in found for key in want.split("|")) for want in self.wants)

    @property
    def fields(self) -> list[str]:
        """The JSON keys that its columns read."""
        names: dict[str, None] = {}
        for one in self.columns.values():
            names |= dict.fromkeys(re.findall(r'"((?:[^"]|"")+)"', one.raw + " " + one.value))
        return list(names)


@dataclass(frozen=True)
class LineFormat(Format):
    """One line of text an entry; `pattern` is an RE2 expression whose named groups are the raw fields."""

    pattern: str = ""

    def score(self, lines: Sequence[bytes]) -> float:
        """Return the share of lines that the pattern matches."""
        known = re.compile(self.pattern.replace("(?i)", "").encode(), re.I if "(?i)" in self.pattern else 0)
        return sum(1 for line in lines if known.search(line)) / max(len(lines), 1)

    def certain(self, line: bytes) -> bool:
        """Return whether the line is UTF-8 and matches."""
        try:
            line.decode()
        except UnicodeDecodeError:
            return False
        return self.score([line.rstrip(b"\r\n")]) > 0

    @property
    def groups(self) -> list[str]:
        """The pattern's group names, in order."""
        return re.findall(r"\(\?P<(\w+)>", self.pattern)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode())  # of bytes it would take UTF-16 and a byte order mark too
    except (ValueError, RecursionError):  # brackets in brackets, thousands deep
        return {}
    return found if isinstance(found, dict) else {}
