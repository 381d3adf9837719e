"""What lets a cache keep a route's answers, and the patch that does not."""

import pytest

from helpers.errors import FixFailed
from helpers.git.checks.cache_settings import cache_settings
from helpers.git.fixes.uncache_route import UncacheRoute
from helpers.git.typescript.caching import Keeps, configured, keeps_of, kept_for
from helpers.git.typescript.handlers import handlers_of
from helpers.git.typescript.source import parse
from tests.git.checkouts import checkout as committed

FILES = {
    "lib/answer.ts": 'export const kept = (x) => Response.json(x, { headers: { "Cache-Control": "public, s-maxage=60" } });\n',
    "app/api/static/route.ts": 'export const dynamic = "force-static";\nexport const revalidate = 60;\nexport async function GET() { return Response.json(1); }\nexport async function POST() { return Response.json(1); }\n',
    "app/api/helped/route.ts": 'import { kept } from "@/lib/answer";\nexport async function GET() {\n  return kept(1);\n}\n',
    "app/api/set/route.ts": 'export async function GET() {\n  const answer = Response.json(1);\n  answer.headers.set("CDN-Cache-Control", `max-age=${n()}`);\n  answer.headers.set("Vercel-CDN-Cache-Control", \'max-age=30\');\n  return answer;\n}\n',
    "app/api/own/route.ts": 'export const revalidate = 0;\nexport async function GET() {\n  return Response.json(1, { headers: { "Cache-Control": "private, s-maxage=60", "X-Other": "s-maxage=1" } });\n}\n',
    "vercel.json": '{"headers": [\n  {"source": "/api/shop/:path*", "headers": [{"key": "Cache-Control", "value": "s-maxage=5"}]}]}\n',
}


async def test_settings_headers_and_the_configuration(tmp_path):
    """Of what a handler reaches; private and zero are none, a segment is GET's."""
    found = await cache_settings(await committed(tmp_path, FILES))
    assert {(row.route, row.setting, row.kind, f"{row.file}:{row.line}") for row in found.rows} == {
        ("GET /api/static", "dynamic = force-static", "segment", "app/api/static/route.ts:1"),
        ("GET /api/static", "revalidate = 60", "segment", "app/api/static/route.ts:2"),
        ("GET /api/helped", "s-maxage=60", "header", "lib/answer.ts:1"),
        ("GET /api/set", "max-age=30", "header", "app/api/set/route.ts:4"),
        ("/api/shop/:path*", "s-maxage=5", "configuration", "vercel.json:2"),
    }
    by_route = {row.route: row for row in found.rows}
    pattern = by_route["/api/shop/:path*"]
    assert [pattern.serves("GET /api/shop/a/b"), pattern.serves("GET /api/other"), by_route["GET /api/set"].serves("GET /api/set")] == [
        True,
        False,
        True,
    ]


async def test_a_checkout_without_routes_is_skipped(tmp_path):
    """It is no finding."""
    assert (await cache_settings(await committed(tmp_path, {"a.py": "x = 1\n"}))).status == "SKIPPED"


@pytest.mark.parametrize(
    ("header", "value", "kept"),
    [
        ("cache-control", "public, s-maxage=60", "s-maxage=60"),
        ("cache-control", "public, max-age=60", ""),
        ("cdn-cache-control", "max-age=60", "max-age=60"),
        ("cache-control", "s-maxage=60, no-store", ""),
        ("cache-control", "s-maxage=0", ""),
    ],
)
def test_only_shared_caches_count(header, value, kept):
    """A browser's own cache is another matter."""
    assert kept_for(header, value) == kept


def test_a_configuration_that_cannot_be_read_keeps_nothing():
    """Nor one of another shape."""
    assert [configured(text) for text in ("{", "[]", '{"headers": [1]}', "{}")] == [[]] * 4


def test_a_place_is_file_and_line():
    """Of the value that a patch changes."""
    scripts = {"app/a/route.ts": parse("app/a/route.ts", '\nexport const dynamic = "force-static";\nexport async function GET() {}\n')}
    (keeps,) = keeps_of(handlers_of(scripts)[0], scripts)
    assert (isinstance(keeps, Keeps), keeps.place) == (True, "app/a/route.ts:2")


@pytest.mark.parametrize(
    ("route", "file", "line", "private", "wanted"),
    [
        ("GET /api/static", "app/api/static/route.ts", 1, False, '+export const dynamic = "force-dynamic";'),
        ("GET /api/static", "app/api/static/route.ts", 2, False, "+export const revalidate = 0;"),
        ("GET /api/helped", "lib/answer.ts", 1, True, '"Cache-Control": "private, no-store"'),
        ("GET /api/set", "app/api/set/route.ts", 4, False, '"Vercel-CDN-Cache-Control", "no-store"'),
    ],
)
async def test_the_setting_goes(tmp_path, route, file, line, private, wanted):
    """Git takes the patch, and the purge is said."""
    checkout = await committed(tmp_path, FILES)
    patch = await UncacheRoute(route, file, line, "header", private=private).made(checkout)
    assert (wanted in patch.diff, any("vercel cache purge" in effect for effect in patch.effects)) == (True, True)
    await checkout.git("apply", "--check", "-", stdin=patch.diff.encode())


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("GET /api/static",), "not known"),
        (("GET /api/static", "vercel.json", 2, "configuration"), "allowed in vercel.json"),
        (("GET /api/own", "app/api/own/route.ts", 3, "header"), "lets nothing be kept"),
    ],
)
async def test_what_is_not_in_the_code_says_what_to_do(tmp_path, given, why):
    """A header of a proxy, the platform's configuration, a line that is another's."""
    with pytest.raises(FixFailed, match=why):
        await UncacheRoute(*given).made(await committed(tmp_path, FILES))
