"""Commits between versions: how they are described, what each changed, and which routes come there."""

import pytest

from helpers.git.changed_functions import differing
from helpers.git.checks.commits import commits
from helpers.git.history import described
from helpers.results import Status
from tests.git.checkouts import checkout, git

APP = """from fastapi import FastAPI

from app.prices import price

app = FastAPI()


@app.get("/a")
async def a():
    return price(1)


@app.get("/b")
async def b():
    return 2
"""
PRICES = "def price(n):\n    return n\n"


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("feat(orders)!: page", "", ("feat", "orders", True)),
        ("fix: a typo", "BREAKING CHANGE: none takes it", ("fix", "", True)),
        ("Merge branch 'x'", "", ("", "", False)),
        ("http://x: y", "", ("", "", False)),
    ],
)
def test_a_subject_is_read_as_the_convention_has_it(subject, body, expected):
    """Type, scope and whether it breaks."""
    assert described(subject, body) == expected


def test_only_what_differs_is_named_and_comments_do_not():
    """A method by its class; code outside of functions as such."""
    old = "X = 1\n\nclass A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    assert differing(old, old.replace("return 2", "return 3  # why")) == ["A.g"]
    assert differing(old, old.replace("X = 1", "X = 2")) == ["<module>"]
    assert differing(old, f"# a comment\n{old}") == []
    assert differing(old, "def (") == ["<module>"]


async def test_each_commit_names_its_functions_and_the_routes_that_reach_them(tmp_path):
    """The oldest first."""
    session = await checkout(tmp_path, {"app/main.py": APP, "app/prices.py": PRICES, "README.md": "x"})
    (tmp_path / "app/prices.py").write_text(PRICES.replace("return n", "return 2 * n"))
    git(tmp_path, "commit", "-qam", "perf(prices): double them")
    (tmp_path / "README.md").write_text("y")
    git(tmp_path, "commit", "-qam", "words")
    result = await commits(session, before=await _head(session, 2), now="main")
    seen = [(row.kind, row.scope, row.files, row.functions, row.routes) for row in result.rows]
    assert (result.status, seen) == (
        Status.OK,
        [("perf", "prices", ["app/prices.py"], ["app/prices.py:price"], [["GET /a"]]), ("", "", ["README.md"], [], [])],
    )


async def test_a_rollback_and_an_unknown_version_are_unknown(tmp_path):
    """What the log calls a version is no option of git's either."""
    session = await checkout(tmp_path, {"a.py": "x = 1\n"})
    first = await _head(session, 0)
    (tmp_path / "a.py").write_text("x = 2\n")
    git(tmp_path, "commit", "-qam", "two")
    asked = [(await _head(session, 0), first), ("nothing", first), ("--all", first), ("", first)]
    assert {(await commits(session, before=old, now=new)).status for old, new in asked} == {Status.UNKNOWN}


async def _head(session, back):
    return (await session.git("rev-parse", f"HEAD~{back}")).strip()
