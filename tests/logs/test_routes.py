"""Paths become routes: given by an OpenAPI document or Next.js' files, learned where a place takes very many values."""

import json
import random
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from helpers.errors import ParameterError
from helpers.logs.analyses import analyse
from helpers.logs.engine import Logs
from helpers.logs.routes import given_routes, use_routes
from helpers.logs.routes.learning import learned
from helpers.logs.routes.templates import ordered

OPENAPI = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://shop.example/api/v1"}, {"url": "{scheme}://x"}],
    "paths": {"/orders/{order_id}": {}, "/orders/export": {}, "/files/{name}.csv": {}, "x-other": {}},
}


def written(folder, paths, *, status=200):
    path = folder / "a.log"
    path.write_text(
        "".join(
            json.dumps({"event": "x", "timestamp": 1772524800 + n, "status": status, "url_path": p}) + "\n" for n, p in enumerate(paths)
        )
    )
    return path


def routes_of(path, source="", **how):
    with Logs.open([path]) as logs:
        use_routes(logs, source, **how)
        return dict(analyse(logs, "routes")[["route", "requests"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_an_openapi_document_names_the_routes(tmp_path, form):
    """What is written out wins over what stands for anything; with the server's path or without; others stay as they would be."""
    document = tmp_path / f"openapi '{form}'"
    text = json.dumps(OPENAPI)
    document.write_text(text if form == "json" else "# yaml\n" + text)
    paths = [
        "/orders/export",
        "/orders/7",
        "/orders/blue-shoes/",
        "/api/v1/orders/x'y",
        "/files/a.csv",
        "/orders/7/items",
        "/ORDERS/export",
    ]
    assert routes_of(written(tmp_path, paths), str(document)) == {
        "/orders/export": 1, "/orders/{order_id}": 2, "/api/v1/orders/{order_id}": 1, "/files/{name}.csv": 1, "/orders/{id}/items": 1, "/ORDERS/export": 1,
    }  # fmt: skip


def test_a_document_is_fetched(tmp_path):
    """From the service itself, as FastAPI offers it."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"paths": {"/a/{b}": {}}}).encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        found = given_routes(f"http://127.0.0.1:{server.server_port}/openapi.json")
        thread.join()
    assert found == ["/a/{b}"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), ("{", "neither JSON nor YAML"), ("[1]", "no `paths`"), ('{"paths": {}}', "holds no route")],
)
def test_what_is_no_document_is_said(tmp_path, content, said):
    """With what to give."""
    path = tmp_path / "openapi.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ParameterError, match=said):
        given_routes(str(path))


def test_an_address_that_does_not_answer_is_said_without_its_secret():
    """The query may hold one."""
    with pytest.raises(ParameterError, match="does not answer") as refused:
        given_routes("http://user:hunter22@127.0.0.1:9/openapi.json?token=hunter22")
    assert "hunter22" not in str(refused.value)


def test_nextjs_files_are_routes(tmp_path):
    """Groups and slots are no part of the path; private folders and intercepting routes are none."""
    for name in (
        "app/page.tsx", "app/layout.tsx", "app/(shop)/orders/[id]/page.tsx", "app/api/orders/[id]/route.ts", "app/docs/[...slug]/page.mdx",
        "app/help/[[...slug]]/page.jsx", "app/@modal/(.)orders/[id]/page.tsx", "app/_lib/page.tsx", "app/@side/cart/page.js", "pages/api/users/[name].ts",
        "pages/index.tsx", "pages/_app.tsx", "pages/blog/index.js", "app/node_modules/x/page.tsx",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sorted(given_routes(str(tmp_path))) == [
        "/", "/api/orders/{id}", "/api/users/{name}", "/blog", "/cart", "/docs/{...slug}", "/help/{...slug?}", "/orders/{id}"
    ]  # fmt: skip
    paths = ["/", "/docs/a/b", "/docs", "/help", "/help/a/b", "/api/orders/abc", "/orders/abc"]
    assert routes_of(written(tmp_path, paths), str(tmp_path), learn=False) == {
        "/": 1, "/docs/{...slug}": 1, "/docs": 1, "/help/{...slug?}": 2, "/api/orders/{id}": 1, "/orders/{id}": 1,
    }  # fmt: skip


def test_slugs_are_learned_and_names_are_not(tmp_path):
    """Very many values of which new ones keep coming; what many ask for stays itself; failures teach nothing."""
    choose = random.Random(1)
    good = [
        choose.choice([f"/posts/post-{n}-{choose.choice('abc')}", f"/posts/post-{n}-x/comments/7", "/posts/new", "/health", f"/u/name{n}"])
        for n in range(3000)
    ]
    names = [f"/rpc/{choose.choice('abcdefgh')}{choose.choice('abcdefgh')}" for _ in range(3000)]
    found = routes_of(written(tmp_path, good + names))
    assert {route for route in found if not route.startswith("/rpc/")} == {
        "/posts/{slug}",
        "/posts/{slug}/comments/{id}",
        "/posts/new",
        "/health",
        "/u/{slug}",
    }
    assert len([route for route in found if route.startswith("/rpc/")]) == 64


def test_who_tries_names_teaches_nothing(tmp_path):
    """A scanner's 404s do not make the first segment a parameter."""
    found = routes_of(written(tmp_path, [f"/try{n}x" for n in range(500)], status=404))
    assert len(found) == 500


def test_learning_does_not_depend_on_the_order(tmp_path):
    """The same paths in another order are the same templates."""
    shapes = [(f"/a/{n % 7}x/s{n}", 1 + n % 3) for n in range(2000)]
    assert learned(dict(shapes)) == learned(dict(reversed(shapes))) == [f"/a/{n}x/{{slug}}" for n in range(7)]


@pytest.mark.parametrize("path", ["/" * 50_000, "/{slug}/{x}", "/a\x00b", "/'; drop table x; --", "/(?i)[", "/\\", "/é/☃", "x", ""])
def test_hostile_paths_are_paths(tmp_path, path):
    """As many requests as there were, whatever is learned beside them."""
    paths = [f"/s/v{n}w" for n in range(300)] + [path] * 3
    found = routes_of(written(tmp_path, paths))
    assert (found["/s/{slug}"], sum(found.values())) == (300, 303)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/orders/12345678-1234-4234-8234-1234567890ab/x", "/orders/{id}/x"), ("/d/2026-03-03", "/d/{id}"), ("/c/cus_NffrFeUfNV2Hib", "/c/{id}"),
        ("/h/deadbeefdeadbeef", "/h/{id}"), ("/api/get_customers", "/api/get_customers"), ("/v1/reset_password", "/v1/reset_password"), ("/v2", "/v2"),
    ],
)  # fmt: skip
def test_ids_are_known_by_their_shape(tmp_path, path, route):
    """A name of words is none."""
    assert routes_of(written(tmp_path, [path])) == {route: 1}


def test_the_most_particular_comes_first():
    """Segment by segment."""
    assert ordered(["/{a}/b", "/a/{...r}", "/a/{b}", "/a/b", "/a/{b}.csv"]) == ["/a/b", "/a/{b}.csv", "/a/{b}", "/a/{...r}", "/{a}/b"]


def test_the_command_takes_them_from_the_option_or_the_profile(tmp_path, monkeypatch):
    """`--routes`, or `log_routes`."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, ["/orders/blue"])
    (tmp_path / "openapi.json").write_text(json.dumps(OPENAPI))
    (tmp_path / "profiles.toml").write_text('[shop]\nlogs = ["a.log"]\nlog_routes = "openapi.json"\n')
    runbook = str(Path(sys.executable).with_name("runbook"))
    ways = (["a.log"], ["a.log", "--routes", "openapi.json"], ["--profile", "shop"])
    told = [subprocess.run([runbook, "logs", "summary", *way, "--json"], capture_output=True, text=True, timeout=60) for way in ways]
    assert [json.loads(one.stdout)["routes"][0]["route"] for one in told] == ["/orders/blue", "/orders/{order_id}", "/orders/{order_id}"]
