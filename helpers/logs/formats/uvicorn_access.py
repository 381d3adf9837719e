"""uvicorn's access lines: no time, no duration and no request id in them; colours removed."""

from __future__ import annotations

from helpers.logs.format import LineFormat, column, text, whole

FORMAT = LineFormat(
    "uvicorn_access",
    columns={
        "severity_text": text("level"),
        "body": text("message"),
        "http_request_method": column("nullif(\"method\", '')"),
        "url_path": column("path_of(nullif(\"path\", ''))"),
        "url_query": column('query_of("path")'),
        "http_response_status_code": whole("nullif(\"status\", '')"),
        "client_address": column("nullif(\"client\", '')"),
    },
    pattern=(
        r"^(?:\x1b\[[0-9;]*m)*(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)(?:\x1b\[[0-9;]*m)*:\s+"
        r'(?P<message>(?:(?P<client>\S*) - "(?:\x1b\[[0-9;]*m)*(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+(?:\x1b\[[0-9;]*m)*" '
        r"(?:\x1b\[[0-9;]*m)*(?P<status>\d{3}))?.*)$"
    ),
)
