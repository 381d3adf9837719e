"""Where it hurts, as labels say it: the names that exporters and instrumentations use.

Source: OpenTelemetry semantic conventions (http.route, url.path, db.collection.name); the Prometheus instrumentations of FastAPI and
Starlette (handler), Spring (uri), Express (path, route); postgres_exporter (datname, relname); redis_exporter (key); Prometheus (instance).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from helpers.alerts.alert import Hints

__all__ = ["SERVICE", "first_of", "hints_of"]

SERVICE = ("service", "service_name", "service.name", "app", "app_kubernetes_io_name", "application", "project", "job")
_METHOD = ("http_request_method", "http.request.method", "http_method", "http.method", "method", "api_method")
# `endpoint` is a port's name where the Prometheus operator sets it: only what begins with a slash is a route.
_ROUTE = ("http_route", "http.route", "route", "handler", "uri", "url_path", "url.path", "path", "endpoint", "resource_name", "transaction")
_URL = ("url", "url_full", "url.full", "http_url", "http.url", "target", "instance")
_TABLE = ("table", "relname", "db_collection_name", "db.collection.name", "db_sql_table", "db.sql.table")
_DATABASE = ("datname", "database", "db_namespace", "db.namespace", "db_name", "db.name")
_KEY = ("key", "redis_key")
_HOST = ("host", "instance", "pod", "server_name", "hostname", "node")
_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
_NAMED = re.compile(rf"(?:^|[\s\"'`(\[])({_METHODS})\s+(/[^\s\"'`)\]]*)")


def first_of(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return the value of the first of these labels that has one."""
    return next((labels[name] for name in names if labels.get(name)), "")


def hints_of(labels: Mapping[str, str], *texts: str, url: str = "", method: str = "") -> Hints:
    """Return what the labels say, and, where they name no route, the first `GET /path` that stands in one of the texts; pure."""
    own = first_of({k: v for k, v in labels.items() if v.startswith(("http://", "https://"))}, _URL)
    routes = [labels[name] for name in _ROUTE if labels.get(name)]
    found = next((match for each in [*routes, *texts] if (match := _NAMED.search(each))), None)
    plain = next((each for each in routes if each.startswith("/")), "")
    if found and found[2].startswith(f"{plain}?"):
        plain = ""  # the text has an example of that route
    host = first_of(labels, _HOST)
    return Hints(
        method=(found[1] if found and not plain else method or first_of(labels, _METHOD)).upper()[:10],
        route=plain or (found[2].rstrip(".,;:") if found else ""),
        url=url or own,
        table=first_of(labels, _TABLE),
        database=first_of(labels, _DATABASE),
        key=first_of(labels, _KEY),
        host="" if host.startswith(("http://", "https://")) else host,
    )
