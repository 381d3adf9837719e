"""Where a route's code can wait without end, and the patch that bounds it."""

import pytest

from helpers.errors import FixFailed
from helpers.git.checks.unbounded_waits import UnboundedWait, unbounded_waits
from helpers.git.fixes.bound_fetch import BoundFetch
from helpers.git.typescript.handlers import handlers_of
from helpers.git.typescript.reach import Wait, package_of, reached, waits_of
from helpers.git.typescript.source import parse
from tests.git.checkouts import checkout as committed

FILES = {
    "lib/rates.ts": 'export const rate = async (url: string) => (await fetch(url, { cache: "no-store" })).json();\n',
    "lib/guard.ts": 'export function guard(h) { return async (r) => { await fetch("https://guard.test"); return h(r); }; }\n',
    "lib/pay.ts": 'import Stripe from "stripe";\nconst stripe = new Stripe("k");\nexport async function pay() {\n  return await stripe.charges.create({ amount: 1 });\n}\n',
    "app/api/rate/route.ts": 'import { rate } from "@/lib/rates";\nexport const maxDuration = 8;\nexport async function GET() {\n  return Response.json(await rate("https://x.test"));\n}\n',
    "app/api/ok/route.ts": 'export async function GET() {\n  await fetch("https://x.test", { signal: AbortSignal.timeout(10) });\n  return Response.json(1);\n}\n',
    "app/api/plain/route.ts": 'export async function GET() {\n  await fetch("https://x.test");\n  return Response.json(1);\n}\n',
    "app/api/made/route.ts": 'const options = {};\nexport async function GET() {\n  await fetch("https://x.test", options);\n  return Response.json(1);\n}\n',
    "app/api/loop/route.ts": "import { state } from '@/lib/rates';\nexport async function GET() {\n  while (!done) await step();\n  while (i < 3) await step();\n  return Response.json(1);\n}\n",
    "app/api/pay/route.ts": 'import { pay } from "@/lib/pay";\nimport { z } from "zod";\nimport { Pool } from "pg";\nconst pool = new Pool();\nexport async function GET() {\n  await z.string().parseAsync("");\n  await pool.query("select 1");\n  return Response.json(await pay());\n}\n',
    "app/api/guarded/route.ts": 'import { guard } from "@/lib/guard";\nexport const GET = guard(async () => Response.json(1));\n',
}


async def test_waits_are_those_the_route_reaches(tmp_path):
    """Through imports, wrappers and clients of packages; databases and what stays at home are none."""
    found = await unbounded_waits(await committed(tmp_path, FILES))
    seen = {(row.route, f"{row.file}:{row.line}", row.kind, row.bounded) for row in found.rows}
    assert seen == {
        ("GET /api/rate", "lib/rates.ts:1", "call", False),
        ("GET /api/guarded", "lib/guard.ts:1", "call", False),
        ("GET /api/pay", "lib/pay.ts:4", "call", False),
        ("GET /api/ok", "app/api/ok/route.ts:2", "call", True),
        ("GET /api/plain", "app/api/plain/route.ts:2", "call", False),
        ("GET /api/made", "app/api/made/route.ts:3", "call", False),
        ("GET /api/loop", "app/api/loop/route.ts:3", "loop", False),
        ("GET /api/loop", "app/api/loop/route.ts:4", "loop", True),
    }
    limited = next(row for row in found.rows if row.route == "GET /api/rate")
    assert (limited.limit_s, limited.serves("GET /api/rate"), limited.serves("GET /api/ok")) == (8.0, True, False)


async def test_a_checkout_without_routes_is_skipped(tmp_path):
    """It is no finding."""
    assert (await unbounded_waits(await committed(tmp_path, {"a.py": "x = 1\n"}))).status == "SKIPPED"


def test_a_function_that_calls_itself_is_reached_once():
    """And the wait says where it is."""
    text = 'async function again() { await fetch("x"); return again(); }\nexport async function GET() { return again(); }\n'
    scripts = {"app/api/x/route.ts": parse("app/api/x/route.ts", text)}
    (handler,) = handlers_of(scripts)
    (wait,) = waits_of(handler, scripts)
    assert (len(reached(handler, scripts)), isinstance(wait, Wait), wait.place) == (2, True, "app/api/x/route.ts:1")


def test_a_name_is_of_its_package():
    """Imported, made from what is imported, and the project's own."""
    script = parse("lib/a.ts", 'import Stripe from "stripe";\nimport { b } from "./b";\nconst one = new Stripe();\nconst two = 1;\n')
    assert [package_of(script, name) for name in ("Stripe.x", "one.y.z", "b", "two.a", "fetch")] == ["stripe", "stripe", "", "", ""]


@pytest.mark.parametrize(
    ("file", "line", "limit_s", "wanted"),
    [
        ("lib/rates.ts", 1, 8.0, '{ signal: AbortSignal.timeout(4000), cache: "no-store" }'),
        ("app/api/plain/route.ts", 2, 0.0, 'fetch("https://x.test", { signal: AbortSignal.timeout(2000) })'),
    ],
)
async def test_a_fetch_gets_half_of_the_function_s_time(tmp_path, file, line, limit_s, wanted):
    """Beside the options it has; git takes the patch."""
    checkout = await committed(tmp_path, FILES)
    patch = await BoundFetch("GET /api/rate", file, line, "call", limit_s).made(checkout)
    assert wanted in patch.diff
    await checkout.git("apply", "--check", "-", stdin=patch.diff.encode())


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("", 0, "call"), "not known"),
        (("app/api/loop/route.ts", 3, "loop"), "is a loop"),
        (("app/api/made/route.ts", 3, "call"), "made elsewhere"),
        (("lib/pay.ts", 4, "call"), "calls no fetch"),
    ],
)
async def test_what_cannot_be_bounded_by_an_option_says_what_to_do(tmp_path, given, why):
    """A loop, options made elsewhere, a client of its own."""
    with pytest.raises(FixFailed, match=why):
        await BoundFetch("GET /x", *given).made(await committed(tmp_path, FILES))


def test_a_row_is_of_its_route_alone():
    """`serves` compares routes, not paths."""
    row = UnboundedWait("GET /api/a/[id]", "f.ts", 1, "call", "fetch", bounded=False, limit_s=0)
    assert (row.serves("GET /api/a/[id]"), row.serves("GET /api/a/7")) == (True, False)
