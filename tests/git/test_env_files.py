"""`.env` files that lie there, and those that history holds: names and hashes, never values."""

import pytest

from helpers.git import env_files, env_history
from helpers.results import Status
from helpers.variables.hidden import hide
from tests.git.checkouts import checkout, git

KEY = "sk_live_" + "4Zr8Vw2Lx9Tn"
CANARY = "canary-value-4711"


async def test_what_git_has_and_what_was_pulled_are_told_apart(tmp_path):
    """Ignored files at the root and in .vercel are read; templates only declare."""
    session = await checkout(
        tmp_path, {".gitignore": ".env*.local\n.vercel\n", ".env": f"A={CANARY}\n", ".env.example": "A=\nB=changeme\n"}
    )
    (tmp_path / ".env.production.local").write_text('# Created by Vercel CLI\nA="x"\n')
    (tmp_path / ".vercel").mkdir()
    (tmp_path / ".vercel/.env.preview.local").write_text(f'# Created by Vercel CLI\nA="{CANARY}"\n')
    (tmp_path / ".env.local").write_text("A=mine\n")
    found = await env_files(session)
    rows = {one.source: (one.kind, one.environments[:1], one.digest == hide(CANARY).digest) for one in found}
    assert rows == {".env:1": ("committed", ["production"], True), ".env.local:1": ("local", ["development"], False),
                    ".env.production.local:2": ("pulled", ["production"], False), ".vercel/.env.preview.local:2": ("pulled", ["preview"], True)}  # fmt: skip
    assert (found.facts["declared"], CANARY in repr(found)) == (["A", "B"], False)


async def test_without_files_it_is_skipped(tmp_path):
    """With the command that makes one."""
    found = await env_files(await checkout(tmp_path, {"a.py": ""}))
    assert (found.status, "vercel env pull" in found.remedy) == (Status.SKIPPED, True)


async def test_a_link_is_not_followed(tmp_path):
    """It may lead to anybody's file."""
    (tmp_path / "outside").write_text("A=1\n")
    session = await checkout(tmp_path / "repo", {"a.py": ""})
    (tmp_path / "repo/.env").symlink_to(tmp_path / "outside")
    assert (await env_files(session)).status is Status.SKIPPED


async def test_a_secret_stays_in_history(tmp_path):
    """Deleted from the tree, and on a branch nobody merged."""
    session = await checkout(
        tmp_path, {".env": f"STRIPE_SECRET_KEY={KEY}\nPORT=3000\n", "web/.env.production": f"GH={'ghp_' + 'a' * 36}\n"}
    )
    git(tmp_path, "rm", "-q", "--cached", ".env")
    git(tmp_path, "commit", "-q", "-m", "chore: no .env")
    found = await env_history(session)
    assert [(one.name, one.file, one.tracked) for one in found] == [
        ("STRIPE_SECRET_KEY", ".env", False), ("GH", "web/.env.production", True),
    ]  # fmt: skip
    assert (found.status, KEY in repr(found)) == (Status.PROBLEM, False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env.example", f"STRIPE_SECRET_KEY={KEY}\n"),
        (".env", "STRIPE_SECRET_KEY=changeme\n"),
        (".env", "NEXT_PUBLIC_STRIPE_KEY=pk_live_4Zr8Vw2Lx9Tn\n"),
        (".env", "DATABASE_URL=postgres://postgres:postgres@localhost:5432/dev\n"),
        (".env", "NEXT_PUBLIC_SENTRY_DSN=https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.example/42\n"),
        (".env.production", "API_SECRET=encrypted:BE9Y7LKANx77X1pv1HnEoil93fPa5c9rpL2yS27e"),
        ("env.ts", "export const x = 1;\n"),
    ],
)
async def test_what_is_meant_to_be_there_is_no_secret(tmp_path, name, text):
    """Templates, placeholders, publishable keys, passwords of this machine, DSNs."""
    found = await env_history(await checkout(tmp_path, {name: text}))
    assert (found.status, list(found)) == (Status.OK, [])


async def test_a_folders_name_may_be_anything(tmp_path):
    """Beyond ASCII, with spaces; one with a line break is left out."""
    files = {f"{folder}/.env": f"PAY_KEY={KEY}\n" for folder in ("bücher und mehr", "a\nb")}
    found = await env_history(await checkout(tmp_path, files))
    assert [one.file for one in found] == ["bücher und mehr/.env"]
