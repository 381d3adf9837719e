"""Route handlers read from TypeScript: where they are, what wraps them, and patches that are still TypeScript."""

import pytest

from helpers.errors import FixFailed
from helpers.git.checks.web_handlers import web_handlers
from helpers.git.edits import Edit
from helpers.git.fixes.answer_bad_input import AnswerBadInput
from helpers.git.typescript.edits import behind_imports, changed_script, imported
from helpers.git.typescript.handlers import calls_in, handlers_of, path_of
from helpers.git.typescript.source import parse, read_scripts, walk
from tests.git.checkouts import checkout as committed

WRAP = "export function safely(handler) { return handler; }\n"
FILES = {
    "lib/safely.ts": WRAP,
    "app/api/a/route.ts": 'import { safely } from "@/lib/safely";\nexport const GET = safely(async (request: Request) => Response.json(1));\n',
    "app/(shop)/api/b/[id]/route.ts": (
        'import { safely } from "@/lib/safely";\nasync function read(request: Request) { return Response.json(2); }\n'
        'export const maxDuration = 5;\nexport const dynamic = "force-static";\nexport const GET = safely(read);\n'
    ),
    "app/api/c/route.ts": "export async function GET(request: Request) {\n  const n = BigInt('x');\n  return Response.json(3);\n}\n",
    "src/app/api/d/[...rest]/route.js": 'export async function POST(request) {\n  try { return Response.json(await request.json()); } catch { return new Response("", { status: 400 }); }\n}\n',
    "app/api/a/route.test.ts": "export const GET = 1;\n",
    "app/api/e/route.ts": 'import { safely } from "@/lib/safely";\nexport const GET = safely(async (request: Request) => {\n  if (request.url) {\n    return Response.json(5);\n  }\n});\n',
}


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("app/api/orders/[id]/route.ts", "/api/orders/[id]"),
        ("src/app/(shop)/@modal/cart/route.js", "/cart"),
        ("app/route.ts", "/"),
        ("lib/app/route.ts", ""),
        ("app/page.tsx", ""),
    ],
)
def test_a_file_is_a_path(file, wanted):
    """Groups and slots are no part of it."""
    assert path_of(file) == wanted


async def test_handlers_are_found_with_wrappers_and_settings(tmp_path):
    """A function declared elsewhere in the file, a group, JavaScript below src; tests are left out."""
    checkout = await committed(tmp_path, FILES)
    found = await web_handlers(checkout)
    rows = {row.route: row for row in found.rows}
    assert list(rows) == ["GET /api/a", "GET /api/b/[id]", "GET /api/c", "POST /api/d/[...rest]", "GET /api/e"]
    b, c, d = rows["GET /api/b/[id]"], rows["GET /api/c"], rows["POST /api/d/[...rest]"]
    assert (b.wrappers, b.settings, c.wrappers, d.catches) == (["safely"], {"maxDuration": "5", "dynamic": "force-static"}, [], True)
    assert (found.facts["usual_wrapper"], b.serves("/api/b/7"), b.serves("/api/b/7/x"), d.serves("/api/d/x/y", "POST")) == (
        "safely",
        True,
        False,
        True,
    )


async def test_a_checkout_without_next_is_skipped(tmp_path):
    """It is no finding."""
    assert (await web_handlers(await committed(tmp_path, {"main.py": "x = 1\n"}))).status == "SKIPPED"


async def test_a_declared_handler_passes_through_the_wrapper(tmp_path):
    """As a const, with the import; the result is applied by git."""
    checkout = await committed(tmp_path, FILES)
    patch = await AnswerBadInput("GET /api/c", "safely").made(checkout)
    assert "+export const GET = safely(async (request: Request) => {" in patch.diff
    assert '+import { safely } from "@/lib/safely";' in patch.diff
    await checkout.git("apply", "--check", "-", stdin=patch.diff.encode())


async def test_a_handler_without_an_end_gets_an_answer(tmp_path):
    """400 behind its last branch."""
    patch = await AnswerBadInput("GET /api/e", "safely").made(await committed(tmp_path, FILES))
    assert '+  return Response.json({ error: "Invalid input" }, { status: 400 });' in patch.diff


@pytest.mark.parametrize(
    "fix", [AnswerBadInput("GET /api/x"), AnswerBadInput("GET /api/a", "safely"), AnswerBadInput("GET /api/c", "unknown")]
)
async def test_what_is_not_known_is_not_patched(tmp_path, fix):
    """No such route, nothing to find fault with, a wrapper from nowhere."""
    with pytest.raises(FixFailed):
        await fix.made(await committed(tmp_path, FILES))


async def test_scripts_know_their_imports_and_neighbours(tmp_path):
    """Names with their module; `@/` is the root; calls by name."""
    scripts = await read_scripts(await committed(tmp_path, FILES))
    script = scripts["app/api/a/route.ts"]
    assert (script.imports, script.module_of("@/lib/safely", frozenset(scripts))) == (
        {"safely": ("@/lib/safely", "safely")},
        "lib/safely.ts",
    )
    (handler,) = [one for one in handlers_of(scripts) if one.path == "/api/a"]
    assert ([name for name, _ in calls_in(script, handler.node)], handler.place) == (["safely", "Response.json"], "app/api/a/route.ts:2")
    assert len(list(walk(script.root, into_functions=False))) < len(list(walk(script.root)))


def test_an_import_joins_its_module():
    """Or comes behind the last one."""
    script = parse("a.ts", 'import { a } from "@/x";\nconst b = 1;\n')
    assert [edit.text for edit in (*imported(script, "c", "@/x"), *imported(script, "d", "@/y"), *imported(script, "a", "@/x"))] == [
        ", c",
        'import { d } from "@/y";\n',
    ]
    assert behind_imports(script) == 25
    with pytest.raises(FixFailed):
        changed_script(script, [Edit(0, 0, "const = ;")])
