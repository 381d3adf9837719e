"""What stands before routes, and patches that guard one as its neighbours are."""

import pytest

from helpers.errors import FixFailed
from helpers.git.checks.middleware import MatchedPath, middleware
from helpers.git.fixes.guard_handler import GuardHandler
from helpers.git.typescript.handlers import handlers_of
from helpers.git.typescript.middleware import Matcher, covers, matchers_of
from helpers.git.typescript.source import parse, read_scripts
from helpers.git.typescript.wrapping import module_of_name, wrapped
from tests.git.checkouts import checkout as committed

FILES = {
    "lib/auth.ts": "export function withAuth(h) { return h; }\nexport function handle(h) { return h; }\n",
    "proxy.ts": 'export function proxy() {}\nexport const config = { matcher: ["/a/:path*", { source: "/b/:id" }] };\n',
    "app/a/route.ts": 'import { handle, withAuth } from "@/lib/auth";\nexport const GET = handle(withAuth(async (request) => Response.json(1)));\n',
    "app/c/[id]/route.ts": 'import { handle } from "@/lib/auth";\nexport const GET = handle(async (request) => Response.json(1));\n',
    "app/d/route.ts": "export async function GET(request: Request) { return Response.json(1); }\n",
}


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("/a/:path*", "/a", True), ("/a/:path*", "/a/b/c", True), ("/a/:path*", "/ab", False), ("/a/:path+", "/a", False),
        ("/a/:id", "/a/7", True), ("/a/:id", "/a/7/x", False), ("/a/:id?", "/a", True), ("/a.json", "/axjson", False),
        ("/((?!api|_next).*)", "/shop", True), ("/((?!api|_next).*)", "/api/x", False), ("/(", "/(", False), ("/", "/", True),
    ],
)  # fmt: skip
def test_a_matcher_has_a_path(pattern, path, wanted):
    """As path-to-regexp reads it."""
    assert covers(pattern, path) == wanted


async def test_the_middleware_s_patterns(tmp_path):
    """Strings and sources; none is no middleware."""
    found = await middleware(await committed(tmp_path, FILES))
    assert [(row.pattern, row.file, row.line) for row in found.rows] == [("/a/:path*", "proxy.ts", 2), ("/b/:id", "proxy.ts", 2)]
    assert (found.facts["file"], MatchedPath("/a/:path*", "p", 1).covers("/a/b")) == ("proxy.ts", True)


async def test_without_a_middleware_it_is_skipped(tmp_path):
    """It is no finding."""
    assert (await middleware(await committed(tmp_path, {"a.ts": "let a = 1;\n"}))).status == "SKIPPED"


def test_a_middleware_without_a_matcher_stands_before_all():
    """Its file is known, and a pattern has its place."""
    bare = {"src/middleware.ts": parse("src/middleware.ts", "export function middleware() {}\n")}
    one = {"proxy.ts": parse("proxy.ts", 'export const config = { matcher: "/a" };\n')}
    (matcher,) = matchers_of(one)[1]
    assert (matchers_of(bare), isinstance(matcher, Matcher), matcher.place, matchers_of({})) == (
        ("src/middleware.ts", []),
        True,
        "proxy.ts:1",
        ("", []),
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (("GET /c/[id]", "handle,withAuth"), ["handle(withAuth(async (request) => Response.json(1)))", "import { handle, withAuth }"]),
        (("GET /d", "handle,withAuth"), ["const GET = handle(withAuth(async (request: Request) => {", "}));"]),
        (("GET /c/[id]", "", "proxy.ts"), ['["/a/:path*", "/c/:path*", { source']),
    ],
)
async def test_a_handler_is_guarded(tmp_path, given, wanted):
    """Within what it passes through already; git takes the patch."""
    checkout = await committed(tmp_path, FILES)
    patch = await GuardHandler(*given).made(checkout)
    assert [each for each in wanted if each not in patch.diff] == []
    await checkout.git("apply", "--check", "-", stdin=patch.diff.encode())


@pytest.mark.parametrize(
    ("fix", "why"),
    [
        (GuardHandler("GET /c/[id]", tenant=True), "not whose data"),
        (GuardHandler("GET /zzz", "withAuth"), "no handler"),
        (GuardHandler("GET /d"), "is not known"),
        (GuardHandler("GET /d", "elsewhere"), "comes from is not known"),
    ],
)
async def test_what_is_not_for_a_tool_to_guess(tmp_path, fix, why):
    """An owner, another checkout's route, a guard from nowhere."""
    with pytest.raises(FixFailed, match=why):
        await fix.made(await committed(tmp_path, FILES))


async def test_wrapping_is_edits_and_a_module_is_one_written_from_the_root(tmp_path):
    """A relative import is no module for another folder."""
    scripts = await read_scripts(await committed(tmp_path, FILES))
    handler = next(one for one in handlers_of(scripts) if one.route == "GET /c/[id]")
    assert ([edit.text for edit in wrapped(handler, ["x", "y"])], [edit.text for edit in wrapped(handler, ["x"], inside=True)]) == (
        ["x(y(", "))"],
        ["x(", ")"],
    )
    assert (module_of_name("withAuth", scripts), module_of_name("nobody", scripts)) == ("@/lib/auth", "")
