"""The revert of a commit or of a whole deployment, as a patch; a conflict is said, not resolved."""

import pytest

from helpers.errors import FixFailed
from helpers.git.fixes.revert_deploy import RevertDeploy
from tests.git.checkouts import checkout, git, patched

FIRST = "def a():\n    return 1\n\n\ndef b():\n    return 2\n"


async def history(folder):
    """Two commits after the first: `a` changes, then `b` does."""
    session = await checkout(folder, {"app.py": FIRST})
    shas = [git(folder, "rev-parse", "HEAD").strip()]
    for old, new in (("return 1", "return 10"), ("return 2", "return 20")):
        (folder / "app.py").write_text((folder / "app.py").read_text().replace(old, new))
        git(folder, "commit", "-qam", f"feat: {new}")
        shas.append(git(folder, "rev-parse", "HEAD").strip())
    return session, shas


async def test_a_commit_is_taken_back_and_later_ones_stay(tmp_path):
    """Its own diff, backwards."""
    session, shas = await history(tmp_path)
    _, files = await patched(tmp_path, session, RevertDeploy("GET /a", "v2", "v1", shas[1]))
    assert files["app.py"] == FIRST.replace("return 2", "return 20")


async def test_a_deployment_is_taken_back_whole(tmp_path):
    """As the version before had it; the rollback is told."""
    session, shas = await history(tmp_path)
    fix = RevertDeploy("GET /a", "v2", "v1", shas[2], before=shas[0])
    preview = await fix.preview(session)
    _, files = await patched(tmp_path, session, fix)
    assert (files["app.py"], "vercel rollback" in " ".join(preview.advice)) == (FIRST, True)


async def test_a_conflict_is_said_with_what_a_person_would_do(tmp_path):
    """A later commit changed the same line."""
    session, shas = await history(tmp_path)
    (tmp_path / "app.py").write_text("def a():\n    return 11\n")
    git(tmp_path, "commit", "-qam", "feat: again")
    with pytest.raises(FixFailed, match="without conflicts") as refused:
        await RevertDeploy("GET /a", "v2", "v1", shas[1]).preview(session)
    assert "Roll back to v1" in refused.value.remedy


async def test_the_first_commit_and_an_unknown_one_are_refused(tmp_path):
    """There is nothing before it."""
    session, shas = await history(tmp_path)
    for commit in (shas[0], "no-such-commit"):
        with pytest.raises(FixFailed, match="not in the checkout"):
            await RevertDeploy("GET /a", "v2", "v1", commit).preview(session)
