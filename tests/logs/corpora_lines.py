"""One request as each format writes it: the line, what must be read from it, and which columns it holds a value for that cannot be read."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from typing import Any

from tests.logs.corpora_values import HOSTILE, Meant, Written, decimal, time, whole

Line = tuple[str, dict[str, Any], list[str]]


def _line(fields: dict[str, str | Written], truth: dict[str, Any], choose: random.Random, *, twice: str = "") -> Line:
    """Return JSON of these fields; of `twice`, sometimes, a second value, which does not count."""
    pairs = [(k, v.text if isinstance(v, Written) else json.dumps(v, ensure_ascii=choose.random() < 0.5)) for k, v in fields.items()]
    if twice and choose.random() < 0.05:
        pairs.append((twice, '"1"'))
    wide = choose.choice(["", " "])
    text = "{" + f",{wide}".join(f'"{k}":{wide}{v}' for k, v in pairs) + "}"
    values = {name: one.value if isinstance(one, Written) else one for name, one in truth.items()}
    return text, values, [name for name, one in truth.items() if isinstance(one, Written) and one.lost]


def _target(choose: random.Random, m: Meant) -> str:
    query = f"?{m.query}" if m.query else ""
    return choose.choice(["", "https://shop.example:8443"]) + m.path + query + choose.choice(["", "#top"])


def _http(m: Meant, status: Written | int, duration: Written | float) -> dict[str, Any]:
    return {
        "http_request_method": m.method,
        "url_path": m.path,
        "url_query": m.query and m.query.split("?")[0],
        "http_response_status_code": status,
        "duration_ms": duration,
        "request_id": m.request_id,
    }


def structlog_json(choose: random.Random, m: Meant) -> Line:
    """Return structlog's line."""
    at, status, took = time(choose, m.at), whole(choose, m.status), decimal(choose, m.duration_ms)
    fields = {
        "event": m.message, "timestamp": at, "level": m.level, "method": m.method, "path": _target(choose, m), "status": status,
        "duration_ms": took, "request_id": m.request_id, "version": m.version,
    }  # fmt: skip
    truth = {"timestamp": at, "severity_text": m.level.upper(), "body": m.message, "service_version": m.version, **_http(m, status, took)}
    return _line(fields, truth, choose, twice="status")


def python_json_logger(choose: random.Random, m: Meant) -> Line:
    """Return a line of python-json-logger."""
    at, status, took = time(choose, m.at), whole(choose, m.status), decimal(choose, m.duration_ms)
    failed = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: x' if m.status >= 500 else None
    fields: dict[str, Any] = {
        "asctime": at, "levelname": m.level.upper(), "name": "app", "message": m.message, "method": m.method, "url": _target(choose, m),
        "status_code": status, "duration_ms": took, "request_id": m.request_id,
    }  # fmt: skip
    truth = {"timestamp": at, "severity_text": m.level.upper(), "body": m.message, "logger_name": "app", **_http(m, status, took)}
    return _line(fields | ({"exc_info": failed} if failed else {}), truth | {"exception_stacktrace": failed}, choose, twice="message")


def pino(choose: random.Random, m: Meant) -> Line:
    """Return pino's line, with pino-http's objects."""
    at, status, took = time(choose, m.at), whole(choose, m.status), decimal(choose, m.duration_ms)
    text = status.text
    fields: dict[str, Any] = {
        "level": Written("50" if m.status >= 500 else "30", 0), "time": at, "pid": Written(str(m.pid), m.pid), "hostname": "web-1",
        "req": Written(json.dumps({"id": m.request_id, "method": m.method, "url": _target(choose, m)}), 0),
        "res": Written(f'{{"statusCode":{text}}}', 0), "responseTime": took, "msg": m.message,
    }  # fmt: skip
    if m.status >= 500:
        fields["err"] = Written('{"type":"Error","message":"no \\"x\\"","stack":"Error: no\\n    at f (a.js:1:2)"}', 0)
    err = ("Error", 'no "x"', "Error: no\n    at f (a.js:1:2)") if m.status >= 500 else (None, None, None)
    truth = {
        "timestamp": at, "severity_text": "ERROR" if m.status >= 500 else "INFO", "body": m.message, "process_pid": m.pid, "host_name": "web-1",
        **_http(m, status, took), "error_type": err[0], "exception_message": err[1], "exception_stacktrace": err[2],
    }  # fmt: skip
    return _line(fields, truth, choose, twice="msg")


def vercel(choose: random.Random, m: Meant) -> Line:
    """Return an entry of a log drain; its message is text, or JSON of the application's own."""
    at, status = time(choose, m.at), whole(choose, m.status)
    inner = {"msg": m.message, "duration_ms": m.duration_ms, "error_type": "Boom" if m.status >= 500 else None}
    twice = choose.random() < 0.5
    proxy = {"method": m.method, "path": _target(choose, m), "userAgent": ["curl/8 é"], "clientIp": "10.0.0.1", "vercelCache": "MISS"}
    fields: dict[str, Any] = {
        "id": m.request_id, "deploymentId": "dpl_1", "projectId": "prj", "source": "lambda", "host": "shop.example", "timestamp": at,
        "level": m.level, "message": json.dumps(inner) if twice else m.message, "statusCode": status, "requestId": m.request_id,
        "environment": "production", "proxy": Written(json.dumps(proxy), 0),
    }  # fmt: skip
    truth = {
        "timestamp": at, "severity_text": m.level.upper(), "body": m.message, **_http(m, status, m.duration_ms if twice else None),  # type: ignore[arg-type]
        "error_type": inner["error_type"] if twice else None, "client_address": "10.0.0.1", "user_agent_original": "curl/8 é",
        "server_address": "shop.example", "service_name": "prj", "deployment_id": "dpl_1", "deployment_environment_name": "production",
        "cache_status": "MISS",
    }  # fmt: skip
    return _line(fields, truth, choose, twice="statusCode")


def nginx_json(choose: random.Random, m: Meant) -> Line:
    """Return nginx' line with a JSON format: seconds, and numbers as text as its variables are."""
    at, status, took = time(choose, m.at), whole(choose, m.status), decimal(choose, m.duration_ms / 1000, factor=1000)
    target = m.path + (f"?{m.query}" if m.query else "")
    request = f"{m.method} {target} HTTP/1.1"
    fields = {
        choose.choice(["time_iso8601", "msec"]): at, "request_id": m.request_id, "remote_addr": "10.0.0.1", "request": request,
        "request_method": m.method, "request_uri": target, "status": status, "body_bytes_sent": "12", "request_time": took,
        "upstream_response_time": "0.001, 0.2", "http_user_agent": HOSTILE,
    }  # fmt: skip
    truth = {
        "timestamp": at, "body": request, **_http(m, status, took), "http_response_body_size": 12, "client_address": "10.0.0.1",
        "user_agent_original": HOSTILE,
    }  # fmt: skip
    return _line(fields, truth, choose, twice="status")


def _stated(m: Meant) -> tuple[str, dict[str, Any]]:
    """Return a message with a duration in it, and what is read from it."""
    message = f"duration: {m.duration_ms:.3f} ms  statement: {m.message}"
    return message, {"severity_text": "LOG", "body": message, "duration_ms": float(f"{m.duration_ms:.3f}"), "db_system_name": "postgresql"}


def _server_time(choose: random.Random, m: Meant) -> str:
    hours, zone = choose.choice([(0, "UTC"), (1, "CET"), (3, "+03"), (-5, "EST")])
    there = m.at.astimezone(timezone(timedelta(hours=hours)))
    return f"{there:%Y-%m-%d %H:%M:%S}.{there.microsecond // 1000:03d} {zone}"


def postgres_json(choose: random.Random, m: Meant) -> Line:
    """Return PostgreSQL's jsonlog."""
    message, stated = _stated(m)
    statement = f"select 1\nfrom t -- request_id='{m.request_id}'"
    fields: dict[str, Any] = {
        "timestamp": _server_time(choose, m), "user": "app", "dbname": "shop", "pid": Written(str(m.pid), m.pid), "remote_host": "10.0.0.7",
        "session_id": "65e4.1f", "error_severity": "LOG", "message": message, "statement": statement, "application_name": "api",
        "backend_type": "client backend",
    }  # fmt: skip
    truth = {
        "timestamp": m.at, **stated, "client_address": "10.0.0.7", "process_pid": m.pid, "application_name": "api", "db_namespace": "shop",
        "db_query_text": statement,
    }  # fmt: skip
    return _line(fields, truth, choose, twice="message")


def postgres_csv(choose: random.Random, m: Meant) -> Line:
    """Return PostgreSQL's csvlog; the statement spans lines, and looks like records."""
    message, stated = _stated(m)
    at = _server_time(choose, m)
    statement = choose.choice(
        ["select 1", f'select "a"\n\nfrom t -- {m.request_id}', f'select 1\n{at},"u","db",7,"h:1",1.f,1,"x",\nfrom "t"']
    )
    cells = [f'"{c}"' for c in (text.replace('"', '""') for text in (message, statement))]
    text = (
        f'{at},"app","shop",{m.pid},"10.0.0.7:5123",65e4.1f,1,"SELECT",2026-03-03 07:00:00 UTC,3/7,0,LOG,00000,{cells[0]},,,,,,{cells[1]},,,'
        '"api","client backend",,0'
    )
    truth = {
        "timestamp": m.at, **stated, "client_address": "10.0.0.7", "process_pid": m.pid, "application_name": "api", "db_namespace": "shop",
        "db_query_text": statement,
    }  # fmt: skip
    return text, truth, []


def _flat(message: str) -> str:
    return message.replace("\x07", "")


def nginx_combined(choose: random.Random, m: Meant) -> Line:
    """Return the combined format: whole seconds, and bytes or a dash."""
    there = m.at.astimezone(choose.choice([UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=3, minutes=30))]))
    size = choose.choice(["12", "-"])
    agent = HOSTILE.replace("\x1b", "\\x1B").replace("\x07", "\\x07")
    request = f"{m.method} {m.path}" + (f"?{m.query}" if m.query else "") + " HTTP/1.1"
    text = f'10.0.0.1 - - [{there:%d/%b/%Y:%H:%M:%S %z}] "{request}" {m.status} {size} "-" "{agent}"'
    truth = {
        "timestamp": m.at.replace(microsecond=0), "body": request, **_http(m, m.status, None), "request_id": None, "client_address": "10.0.0.1",  # type: ignore[arg-type]
        "user_agent_original": agent, "http_response_body_size": int(size) if size != "-" else None,
    }  # fmt: skip
    return text, truth, []


def uvicorn_access(choose: random.Random, m: Meant) -> Line:
    """Return uvicorn's line; with its colours, as from a terminal."""
    red, off = choose.choice([("", ""), ("\x1b[32m", "\x1b[0m")])
    request = f"{m.method} {m.path}" + (f"?{m.query}" if m.query else "") + " HTTP/1.1"
    message = f'127.0.0.1:35440 - "{red}{request}{off}" {red}{m.status} OK{off}'
    truth = {"severity_text": "INFO", "body": message, **_http(m, m.status, None), "request_id": None, "client_address": "127.0.0.1:35440"}  # type: ignore[arg-type]
    return f"{red}INFO{off}:     {message}", truth, []


def redis_log(choose: random.Random, m: Meant) -> Line:
    """Return Redis' own line."""
    sign, level = choose.choice([(".", "DEBUG"), ("-", "VERBOSE"), ("*", "NOTICE"), ("#", "WARNING")])
    at = f"{m.at:%d %b %Y %H:%M:%S}.{m.at.microsecond // 1000:03d}"
    truth = {"timestamp": m.at, "severity_text": level, "body": m.message, "process_pid": m.pid, "db_system_name": "redis"}
    return f"{m.pid}:M {at} {sign} {m.message}", truth, []


WRITERS: dict[str, Callable[[random.Random, Meant], Line]] = {
    writer.__name__: writer
    for writer in (
        structlog_json, python_json_logger, pino, vercel, nginx_json, postgres_json, postgres_csv, nginx_combined, uvicorn_access, redis_log
    )
}  # fmt: skip
