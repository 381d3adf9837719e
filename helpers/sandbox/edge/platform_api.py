"""An imitation of the part of Vercel's REST API that is asked here, written after its public documentation: it is not the platform.

As documented: paths, GET, bearer tokens, the shapes of the answers, pagination by `until`, 401, 403, 404, and 429 with `Retry-After`. Chosen
here: an encrypted value is random text, the rate limit is set by the test, and the log ends instead of going on.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

__all__ = ["PREFIX", "platform_api"]

PREFIX = "/_platform"
Answered = Callable[[Request, dict[str, Any]], Response]


def platform_api(file: Path) -> Mount:
    """Return the routes; what they say stands in `file`, read for every request."""
    paths: dict[str, Answered] = {
        "/v9/projects/{project}": lambda _, said: JSONResponse(said["project"]),
        "/v10/projects/{project}/env": lambda request, said: _page(request, "envs", [_shown(one) for one in said["envs"]]),
        "/v9/projects/{project}/domains": lambda request, said: _page(request, "domains", said["domains"]),
        "/v6/deployments": lambda request, said: _page(request, "deployments", _chosen(request, said["deployments"])),
        "/v1/env": lambda request, said: _page(request, "data", [_shown(one) for one in said["shared"]]),
        "/v1/projects/{project}/deployments/{deployment}/runtime-logs": lambda _, said: _lines(said["logs"]),
    }
    return Mount(PREFIX, app=Starlette(routes=[Route(path, _guarded(file, answer), methods=["GET"]) for path, answer in paths.items()]))


def _guarded(file: Path, answer: Answered) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        said = json.loads(file.read_text(encoding="utf-8"))  # noqa: ASYNC240 - a small local file
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return _error(401, "not_authorized")
        if token != said["token"]:
            return _error(403, "forbidden")
        if said["limit"]:
            said["limit"]["left"] -= 1
            if said["limit"]["left"] < 0:
                file.write_text(json.dumps({**said, "limit": said["limit"].get("then")}), encoding="utf-8")  # noqa: ASYNC240
                return _error(429, "rate_limited", said["limit"]["headers"])
            file.write_text(json.dumps(said), encoding="utf-8")  # noqa: ASYNC240
        named = request.path_params.get("project") or request.query_params.get("projectId")
        if named not in (said["project"]["id"], said["project"]["name"]):
            return _error(404, "not_found")
        return answer(request, said)

    return endpoint


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": "See the documentation."}}, status, headers)


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    """Return a variable as the list of them shows it: the value of a plain one, cipher text of an encrypted one, none of a sensitive one."""
    value = {"plain": one["value"], "sensitive": ""}.get(one["type"], base64.b64encode(secrets.token_bytes(48)).decode())
    return {**one, "value": value, "decrypted": one["type"] == "plain"}


def _chosen(request: Request, deployments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = request.query_params.get("target")
    return [one for one in deployments if wanted in (None, one["target"])]


def _page(request: Request, key: str, rows: list[dict[str, Any]]) -> Response:
    """Return one page, the newest first; `pagination.next` is the time up to which the next one goes."""
    until = int(request.query_params.get("until", 1 << 60))
    left = sorted((row for row in rows if row.get("createdAt", 0) < until), key=lambda row: -int(row.get("createdAt", 0)))
    page = left[: int(request.query_params.get("limit", 20))]
    then = page[-1].get("createdAt") if len(page) < len(left) else None
    return JSONResponse({key: page, "pagination": {"count": len(page), "next": then, "prev": None}})


def _lines(logs: list[dict[str, Any]]) -> Response:
    return Response("".join(json.dumps(one) + "\n" for one in logs), media_type="application/stream+json")
