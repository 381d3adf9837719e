"""Which promises a route's code does not wait for, and the patch that waits."""

import pytest

from helpers.errors import FixFailed
from helpers.git.checks.floating_promises import FloatingPromise, floating_promises
from helpers.git.fixes.await_promise import AwaitPromise
from helpers.git.typescript.handlers import handlers_of, serves
from helpers.git.typescript.promises import Floating, floating_of, function_about
from helpers.git.typescript.reach import meant
from helpers.git.typescript.source import parse
from tests.git.checkouts import checkout as committed

FILES = {
    "lib/work.ts": "export async function mail(x) {}\nexport function later(): Promise<void> { return mail(1); }\nexport const plain = (x) => x;\n",
    "app/api/a/route.ts": (
        'import { mail, later, plain } from "@/lib/work";\nimport { after } from "next/server";\nexport async function POST() {\n  mail(1);\n  void later();\n'
        "  plain(2);\n  await mail(3);\n  const kept = mail(4);\n  after(() => mail(5));\n  [1].forEach(async (x) => { await mail(x); });\n  [1].forEach((x) => plain(x));\n"
        "  return Response.json(await kept);\n}\n"
    ),
    "app/api/b/route.ts": 'import { mail } from "@/lib/work";\nfunction start() { mail(1); }\nexport async function POST() {\n  start();\n  return mail(2);\n}\n',
}


async def test_what_is_neither_awaited_nor_handed_on(tmp_path):
    """Kept, returned and handed to `after` is waited for; `void` is not."""
    found = await floating_promises(await committed(tmp_path, FILES))
    assert {(row.route, f"{row.file}:{row.line}", row.kind, row.text) for row in found.rows} == {
        ("POST /api/a", "app/api/a/route.ts:4", "call", "mail"),
        ("POST /api/a", "app/api/a/route.ts:5", "call", "later"),
        ("POST /api/a", "app/api/a/route.ts:10", "each", "forEach"),
        ("POST /api/b", "app/api/b/route.ts:2", "call", "mail"),
    }


async def test_a_checkout_without_routes_is_skipped(tmp_path):
    """It is no finding."""
    assert (await floating_promises(await committed(tmp_path, {"a.py": "x = 1\n"}))).status == "SKIPPED"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [(4, "+  await mail(1);"), (5, "+  await later();"), (10, "+  await Promise.all([1].map(async (x) => { await mail(x); }));")],
)
async def test_the_route_waits(tmp_path, line, wanted):
    """Git takes the patch."""
    checkout = await committed(tmp_path, FILES)
    patch = await AwaitPromise("POST /api/a", "app/api/a/route.ts", line).made(checkout)
    assert wanted in patch.diff
    await checkout.git("apply", "--check", "-", stdin=patch.diff.encode())


@pytest.mark.parametrize(
    ("given", "why"),
    [(("POST /api/b", "app/api/b/route.ts", 2), "not async"), (("POST /api/a", "app/api/a/route.ts", 7), "reaches no such promise")],
)
async def test_what_cannot_wait_says_what_to_do(tmp_path, given, why):
    """A function that is not async; a promise that is waited for."""
    with pytest.raises(FixFailed, match=why):
        await AwaitPromise(*given).made(await committed(tmp_path, FILES))


def test_a_place_a_function_about_it_and_what_a_name_means():
    """At the top of a file there is none."""
    scripts = {"app/a/route.ts": parse("app/a/route.ts", "async function x() {}\nexport async function GET() {\n  x();\n}\n")}
    (one,) = floating_of(handlers_of(scripts)[0], scripts)
    script = scripts["app/a/route.ts"]
    assert (isinstance(one, Floating), one.place, function_about(script.root)) == (True, "app/a/route.ts:3", None)
    assert [node.type for _, node in meant(script, "x", scripts)] == ["function_declaration"]


def test_a_request_is_a_route_s():
    """By method and shape."""
    row = FloatingPromise("POST /a/[id]", "f.ts", 1, "call", "mail")
    assert [row.serves("/a/7", "POST"), row.serves("/a/7"), serves("GET /a/[...rest]", "/a/b/c")] == [True, False, True]
