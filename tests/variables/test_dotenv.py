"""`.env` files by names and hidden values."""

import pytest

from helpers.variables.dotenv import environments_of, is_template, read_env
from helpers.variables.hidden import hide

PULLED = """# Created by Vercel CLI
PLAIN=abc # a comment
export EXPORTED='single # no comment'
DOUBLE="two words"

LINES="one
two"
ESCAPED="ends here\\n"
EMPTY=""
LAST=first
LAST=second
this is no assignment
"""


def test_it_reads_what_dotenv_reads():
    """Quotes, comments, `export`, several lines, escapes; the last assignment counts; what is none is counted."""
    found = read_env(".env.production.local", PULLED)
    wanted = {"PLAIN": "abc", "EXPORTED": "single # no comment", "DOUBLE": "two words", "LINES": "one\ntwo", "ESCAPED": "ends here\n",
              "EMPTY": "", "LAST": "second"}  # fmt: skip
    assert (found.values, found.unread, found.pulled) == ({name: hide(value) for name, value in wanted.items()}, 1, True)


def test_it_knows_the_lines():
    """Empty lines before an assignment are not its own."""
    lines = read_env(".env", PULLED).lines
    assert (lines["PLAIN"], lines["LINES"], lines["ESCAPED"]) == (2, 6, 8)


def test_what_stands_around_a_value_by_accident_is_told():
    """A line break from `echo`, quotes typed into a form."""
    assert [hide(v).looks for v in ("abc\n", " abc", "'abc'", '"abc"', "it's")] == [
        ("line break", "public"), ("space", "public"), ("quotes", "public"), ("quotes", "public"), (),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "pulled", "environments"),
    [
        (".env", False, ("production", "preview", "development")),
        (".env.local", False, ("development",)),
        (".env.local", True, ("development",)),
        (".env.production", False, ("production", "preview")),
        (".env.production.local", True, ("production",)),
        (".env.production.local", False, ()),
        (".vercel/.env.preview.local", True, ("preview",)),
        (".env.test", False, ()),
        (".env.example", False, ()),
        ("web/.env.staging", False, ()),
    ],
)
def test_which_environments_a_file_stands_for(path, pulled, environments):
    """As Next.js loads it, and as the CLI names it."""
    assert environments_of(path, pulled=pulled) == environments


@pytest.mark.parametrize("path", [".env.example", "a/.env.sample", ".env.local.example", ".env.template", ".env.dist"])
def test_a_template_is_told_by_its_name(path):
    """It holds no values."""
    assert is_template(path)
