"""Calls of other services over HTTP in the code: with which client, to whom, with which time-out, and how many attempts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from helpers.git.callgraph import Call, CallGraph
from helpers.git.project import Function, dotted

__all__ = ["HttpCall", "attempts_of", "constructor_of", "host_of", "http_calls", "in_transaction", "timeout_of"]

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send", "urlopen")
CLIENTS = (
    "httpx.AsyncClient",
    "httpx.Client",
    "aiohttp.ClientSession",
    "requests.Session",
    "requests.sessions.Session",
    "urllib3.PoolManager",
)
MODULES = ("httpx", "requests", "urllib.request")
# Seconds without a word about it. Source: each library's documentation; None: it waits for ever.
USUAL = {"httpx": 5.0, "aiohttp": 300.0, "requests": None, "urllib": None, "urllib3": None}
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class HttpCall:
    """One call; `made` is the call that constructed its client, where it is seen."""

    call: Call
    made: ast.Call | None

    @property
    def library(self) -> str:
        """`httpx`, `aiohttp`, `requests`, `urllib` or `urllib3`."""
        return self.call.meaning.partition(".")[0]


def http_calls(graph: CallGraph) -> Iterator[HttpCall]:
    """Yield the calls of other services, tests left out."""
    for calls in graph.calls.values():
        for call in calls:
            owner, _, last = call.meaning.rpartition(".")
            if last in METHODS and owner in (*CLIENTS, *MODULES):
                yield HttpCall(call, constructor_of(call) if owner in CLIENTS else None)


def constructor_of(call: Call) -> ast.Call | None:
    """Return `httpx.AsyncClient(…)` where the call's client was made: in its function, as an attribute of its class, or in its module."""
    name = dotted(call.node.func).rpartition(".")[0]
    for root in (call.caller.node, call.caller.module.tree):
        for node in ast.walk(root):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and any(dotted(target) == name for target in node.targets):
                return node.value
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call) and dotted(node.target) == name:
                return node.value
            if (
                isinstance(node, ast.withitem)
                and isinstance(node.context_expr, ast.Call)
                and dotted(node.optional_vars or ast.Pass()) == name
            ):
                return node.context_expr
    return None


def timeout_of(found: HttpCall) -> float | str | None:
    """Return the seconds one attempt may take; None: for ever; a text where the code says it in a way that is not read here."""
    for given in (found.call.node, found.made):
        value = _keyword(given, "timeout") if given is not None else None
        if value is not None:
            return _seconds(value)
    if found.made is None and found.call.meaning.startswith(CLIENTS):
        return UNKNOWN
    return USUAL.get(found.library)


def _seconds(value: ast.expr) -> float | str | None:
    if isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, int | float)):
        return None if value.value is None else float(value.value)
    if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] in ("Timeout", "ClientTimeout"):
        inner = value.args[0] if value.args else _keyword(value, "total") or _keyword(value, "timeout") or _keyword(value, "read")
        return _seconds(inner) if inner is not None else UNKNOWN
    return UNKNOWN


def host_of(found: HttpCall) -> str:
    """Return the host of a literal URL, or the name of the setting that holds it; empty where neither is seen."""
    urls = [
        _keyword(found.made, "base_url") if found.made is not None else None,
        _keyword(found.call.node, "url"),
        *found.call.node.args[:2],
    ]
    for url in (url for url in urls if url is not None):
        if isinstance(url, ast.Constant) and isinstance(url.value, str) and "://" in url.value:
            return urlsplit(url.value).netloc.rpartition("@")[2]
        if isinstance(url, ast.JoinedStr) and url.values:
            first = url.values[0]
            if isinstance(first, ast.Constant) and "://" in str(first.value):
                return urlsplit(str(first.value)).netloc.rpartition("@")[2]
            if isinstance(first, ast.FormattedValue) and dotted(first.value):
                return dotted(first.value)
        if dotted(url):
            return dotted(url)
    return ""


def attempts_of(call: Call) -> tuple[float, ast.expr | None]:
    """Return how often the call may be made in one go (inf: no bound is seen), and the expression that says so."""
    loop = next((node for node in _around(call.caller, call.node) if isinstance(node, ast.For | ast.While)), None)
    if loop is None:
        return 1.0, None
    if isinstance(loop, ast.While):
        return float("inf"), loop.test
    count = loop.iter.args[-1] if isinstance(loop.iter, ast.Call) and dotted(loop.iter.func) == "range" and loop.iter.args else None
    if count is None:
        return 1.0, None  # over things to ask for: each once
    value = count.value if isinstance(count, ast.Constant) else _constant(call.caller, dotted(count))
    return (float(value), count) if isinstance(value, int) else (float("inf"), count)


def in_transaction(call: Call) -> ast.AsyncWith | ast.With | None:
    """Return the transaction that is open while the call is made, where the code shows one."""
    for node in _around(call.caller, call.node):
        if isinstance(node, ast.AsyncWith | ast.With):
            for item in node.items:
                expression = item.context_expr
                name = dotted(expression.func) if isinstance(expression, ast.Call) else dotted(expression)
                if name.rpartition(".")[2] in ("transaction", "begin", "begin_nested", "atomic"):
                    return node
    return None


def _around(function: Function, wanted: ast.AST) -> list[ast.AST]:
    """Return the nodes around one, the innermost first."""

    def path(node: ast.AST) -> list[ast.AST] | None:
        for child in ast.iter_child_nodes(node):
            if child is wanted:
                return [node]
            found = path(child)
            if found is not None:
                return [*found, node]
        return None

    return path(function.node) or []


def _constant(function: Function, name: str) -> object:
    for node in function.module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and any(dotted(target) == name for target in node.targets):
            return node.value.value
    return None


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
