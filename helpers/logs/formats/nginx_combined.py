"""nginx and Apache: the combined (or common) log format."""

from __future__ import annotations

from helpers.logs.format import LineFormat, column, text, time, whole

FORMAT = LineFormat(
    "nginx_combined",
    columns={
        "timestamp": time("time_local"),
        "body": text("request"),
        "http_request_method": column("nullif(regexp_extract(\"request\", '^([A-Z]+) ', 1), '')"),
        "url_path": column("path_of(nullif(regexp_extract(\"request\", '^[A-Z]+ (\\S+)', 1), ''))"),
        "url_query": column("query_of(regexp_extract(\"request\", '^[A-Z]+ (\\S+)', 1))"),
        "http_response_status_code": whole("status"),
        "client_address": text("client"),
        "user_agent_original": column("nullif(\"agent\", '-')"),
        "http_response_body_size": whole("nullif(\"bytes\", '-')"),
    },
    pattern=(
        r'^(?P<client>\S+) \S+ \S+ \[(?P<time_local>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-)'
        # then both quoted fields and whatever else one logs; a line that goes on right behind a quote has another one in it
        r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"(?:\s.*)?|\s+[^"\s].*|\s*)$'
    ),
)
