"""Vercel's log drain as NDJSON: epoch milliseconds, the request under `proxy`, and JSON within `message`.

There is no duration in it; a `duration_ms` that the application logged as JSON within `message` is taken. Entries of one request share
`requestId`. A `statusCode` of -1 means that the function crashed: who asked got a 500, unless the proxy says otherwise; a proxy's of -1 is a
revalidation in the background, which nobody asked for. Source: Vercel documentation, Log Drains reference.
"""

from __future__ import annotations

from helpers.logs.format import Column, JsonFormat, column, text, time, whole


def _proxy(name: str) -> str:
    return f"\"proxy\"->>'{name}'"


def _within(name: str) -> str:
    return f"try_cast(\"message\" as json)->>'{name}'"


_PATH = f'coalesce({_proxy("path")}, "path")'

FORMAT = JsonFormat(
    "vercel",
    columns={
        "timestamp": time("timestamp"),
        "severity_text": column('upper("level")'),
        "body": column(f'coalesce({_within("msg")}, {_within("message")}, {_within("event")}, "message")'),
        "http_request_method": text(_proxy("method"), _within("method")),
        "http_route": text("path"),
        "url_path": column(f"path_of({_PATH})"),
        "url_query": column(f"query_of({_PATH})"),
        "http_response_status_code": whole(
            """nullif("statusCode", '-1')""",
            f"nullif({_proxy('statusCode')}, '-1')",
            _within("status"),
            """case when "statusCode" = '-1' then '500' end""",
        ),
        "duration_ms": Column(_within("duration_ms"), f"as_number({_within('duration_ms')})"),
        "request_id": text("requestId"),
        "trace_id": text("traceId", "trace.id"),
        "span_id": text("spanId", "span.id"),
        "client_address": column(_proxy("clientIp")),
        "user_agent_original": column("\"proxy\"->'userAgent'->>0"),
        "http_response_body_size": whole(_proxy("responseByteSize")),
        "server_address": text("host"),
        "service_name": text("projectName", "projectId"),
        "deployment_id": text("deploymentId"),
        "deployment_environment_name": text("environment"),
        "cloud_region": text("executionRegion", _proxy("region")),
        "error_type": column(_within("error_type")),
        "cache_status": column(_proxy("vercelCache")),
    },
    wants=("deploymentId", "projectId", "source", "timestamp"),
    nested=("proxy",),
)
