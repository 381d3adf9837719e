"""Logs of a service that fails in many ways, seeded: stack traces of several languages, versions, tenants, and requests met in three systems."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 3, 3, 8, tzinfo=UTC)
PYTHON = (
    "Traceback (most recent call last):\n"
    '  File "/srv/venv/lib/python3.12/site-packages/starlette/routing.py", line 73, in app\n    response = await func(request)\n'
    '  File "/app/shop/{place}.py", line {n}, in {name}\n    raise\n'
    '  File "<string>", line 1, in <module>\n'
    '  File "/usr/lib/python3.12/asyncio/tasks.py", line 520, in wait_for\n    return await fut\n'
    "{module}{kind}: {said}"
)
CHAINED = "Traceback (most recent call last):\n  File \"/app/shop/low.py\", line 3, in low\nKeyError: 'x{n}'\n\nDuring handling of the above exception, another exception occurred:\n\n"
SCRIPT = (
    "{kind}: {said}\n    at {name} (/app/src/{place}.ts:{n}:11)\n    at async handle (/app/src/internal/{place}.ts:{n}:5)\n"
    "    at Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n"
    "    at new Promise (<anonymous>)\n    at /app/src/main.ts:{n}:3"
)
JAVA = "java.lang.IllegalStateException: {said}\n\tat com.shop.{place}.Orders.{name}(Orders.java:{n})\r\n\tat java.base/java.lang.Thread.run(Thread.java:840)"
SAID = (
    "no order {n}", "user 7c9e6679-7425-40de-944b-{n:012x} not found", "could not reach 10.0.0.{n}:5432", "key 'k{n}' is missing", "it's {n} o'clock",
    "<b>{n}</b> for ann.{n}@example.com at 0x7f{n:06x}", 'unique "ix_{n}" violated', "déjà vu {n} ☃", "plain", "",
)  # fmt: skip


def _trace(choose: random.Random, n: int) -> tuple[str, str | None]:
    kind = choose.choice(["ValueError", "KeyError", "QueryTimeout", "Oops"])
    place, name, said = choose.choice(["orders", "cart"]), choose.choice(["create", "read"]), choose.choice(SAID).format(n=n)
    fill = {"place": place, "name": name, "n": n, "kind": kind, "said": said, "module": choose.choice(["", "shop.errors."])}
    text = choose.choice([PYTHON, PYTHON, SCRIPT, JAVA, CHAINED + PYTHON]).format(**fill)
    if choose.random() < 0.15:
        frames = [{"filename": f"/app/{place}.py", "lineno": n, "name": name, "locals": {"a": "{1}"}}]
        return json.dumps([{"exc_type": kind, "exc_value": said, "frames": frames}]), None
    return text, kind if choose.random() < 0.3 else None


def _request(choose: random.Random, n: int) -> dict[str, Any]:
    at = START + timedelta(seconds=choose.uniform(0, 1200), microseconds=choose.randrange(10))
    paths = (
        f"/orders/{n}",
        "/health",
        f"/a/{n:032x}/b",
        f"/inv_{n:010d}",
        f"/get_something{n % 3}",
        "/list_all_of_them",
        f"/d/2026-03-{n % 28 + 1:02d}",
        f"/x/{n}é",
        f"/y/{n}abc",
        "",
        "/",
    )
    entry = {
        "event": choose.choice(["request", f"served {n}"]), "timestamp": at.isoformat(), "level": "info", "http_request_method": "GET",
        "url_path": choose.choice(paths), "http_response_status_code": choose.choices([200, 404, 500, 503], [85, 5, 8, 2])[0],
        "request_id": f"r{n}", "service_version": "v1" if at < START + timedelta(minutes=10) else "v2", "tenant": f"t{choose.randrange(30)}",
        "region": choose.choice(["fra1", "iad1", None]), "trace_id": f"{n:032x}", "user_agent": choose.choice(["curl", "", "Mozilla/5.0 (é)"]),
    }  # fmt: skip
    if choose.random() < 0.9:
        entry["duration_ms"] = choose.choice([round(choose.lognormvariate(3, 1.5), 3), float(choose.randrange(5)), 0.0])
    if choose.random() < 0.3:
        entry["http_route"] = "/orders/{id}"
    return entry


def _failed(choose: random.Random, request: dict[str, Any], n: int) -> dict[str, Any]:
    text, kind = _trace(choose, n)
    names = ("timestamp", "request_id", "url_path", "service_version")
    entry = {**{name: request[name] for name in names}, "level": "error", "event": choose.choice(SAID).format(n=n)}
    if choose.random() < 0.8:
        entry["exception"] = text
    elif choose.random() < 0.5:
        entry["event"] = text
    return entry | ({"error_type": kind} if kind else {})


def _stated(choose: random.Random, request: dict[str, Any], n: int) -> dict[str, Any]:
    at = datetime.fromisoformat(request["timestamp"]) - timedelta(milliseconds=2)
    comment = choose.choice(
        [f"/* request_id='r{n}' */", f"/*traceparent='00-{n:032x}-00f067aa0ba902b7-01'*/", f"-- r{n}0", f"/*id='r{n}%3Ax'*/"]
    )
    entry = {
        "timestamp": f"{at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC", "pid": 7, "session_id": "65e4.1f", "error_severity": "LOG",
        "message": f"duration: {choose.randrange(900) / 100} ms  statement: select 1 {comment}", "application_name": choose.choice(["api", f"r{n}"]),
        "backend_type": "client backend",
    }  # fmt: skip
    if choose.random() < 0.2:
        entry |= {"error_severity": "ERROR", "state_code": "23505", "message": f'duplicate key "{n}"', "statement": f"insert {comment}"}
    return entry


def write(folder: Path, seed: int, requests: int = 600) -> list[Path]:
    """Write the API's, PostgreSQL's and Redis' logs of the same requests; return the files."""
    choose = random.Random(seed)
    lines: dict[str, list[str]] = {"api.ndjson": [], "postgres.json": [], "redis.log": []}
    for n in range(requests):
        request = _request(choose, n)
        lines["api.ndjson"].append(json.dumps(request))
        if request["http_response_status_code"] >= 500:
            lines["api.ndjson"].append(json.dumps(_failed(choose, request, n % 40)))
        if n % 5 == 0:
            lines["postgres.json"].append(json.dumps(_stated(choose, request, n)))
        if n % 50 == 0:
            lines["redis.log"].append(f"{n + 1}:M 03 Mar 2026 08:{n // 60:02d}:00.123 # Lua script of r{n} is slow")
    for some in lines.values():
        choose.shuffle(some)
    for name, some in lines.items():
        (folder / name).write_text("\n".join(some) + "\n")
    return [folder / name for name in lines]
