"""nginx with a JSON log_format: the names of its own variables, request_time in seconds."""

from __future__ import annotations

from helpers.logs.format import HTTP, JsonFormat, column, number, text, time, whole

FORMAT = JsonFormat(
    "nginx_json",
    columns={
        **HTTP,
        "timestamp": time("time_iso8601", "msec", "time_local", "time"),
        "body": text("request"),
        "http_request_method": text("request_method", "method"),
        "url_path": column('path_of(coalesce("request_uri", "uri"))'),
        "url_query": column('query_of(coalesce("request_uri", "uri"))'),
        "http_response_status_code": whole("status"),
        "duration_ms": number("request_time", times=1000),
        "http_response_body_size": whole("body_bytes_sent", "bytes_sent"),
        "server_address": text("host", "server_name"),
    },
    wants=("request_time|upstream_response_time|body_bytes_sent", "status"),
)
