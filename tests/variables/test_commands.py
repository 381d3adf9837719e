"""The commands that put a variable right: exact, in order, and without a value."""

import pytest

from helpers.errors import ParameterError
from helpers.git.fixes.env_commands import EnvCommands
from helpers.vercel.fixes.set_variable import SetVariable

EXPECTED = {
    "missing": "vercel env add A_KEY production\nvercel env add A_KEY preview\nvercel deploy --prod\n",
    "untidy": "vercel env add A_KEY production --force\nvercel env add A_KEY preview --force\nvercel deploy --prod\n",
    "not_deployed": "vercel deploy --prod\n",
}


@pytest.mark.parametrize("kind", EXPECTED)
async def test_the_commands_fit_what_is_wrong(kind):
    """One for each environment, then the deployment they reach."""
    assert EnvCommands("A_KEY", kind, ["production", "preview"]).patch(None) == EXPECTED[kind]


async def test_a_misspelt_one_goes_after_the_right_one_is_deployed():
    """In that order."""
    lines = EnvCommands("RATES_URL", "misspelt", ["production"], "RATE_URL").patch(None).splitlines()
    assert lines == ["vercel env add RATES_URL production", "vercel deploy --prod", "# then", "vercel env rm RATE_URL production"]


async def test_a_secret_that_is_out_is_issued_anew_first():
    """It is set again under a name that stays on the server, as a sensitive one."""
    fix = SetVariable("NEXT_PUBLIC_PAY_KEY", "public_secret", ["production", "development"])
    preview = await fix.preview(None)
    assert fix.patch(preview).splitlines() == [
        "# have the secret issued anew, then",
        "vercel env rm NEXT_PUBLIC_PAY_KEY production", "vercel env rm NEXT_PUBLIC_PAY_KEY development",
        "vercel env add PAY_KEY production --sensitive --force", "vercel env add PAY_KEY development --force",
        "vercel deploy --prod",
    ]  # fmt: skip
    assert "issued anew" in preview.advice[0]


async def test_a_secret_in_git_is_told_to_be_issued_anew():
    """Rewriting history does not call clones back."""
    preview = await EnvCommands("PAY_KEY", "in_history", ["production"]).preview(None)
    assert ("git rm --cached" in preview.statements[0], "clones" in preview.advice[1]) == (True, True)


@pytest.mark.parametrize("name", ["A;rm -rf /", "$(id)", "A B", "", "-x"])
async def test_only_a_name_comes_into_a_command(name):
    """What others named is data."""
    with pytest.raises(ParameterError):
        await EnvCommands(name, "missing", ["production"]).preview(None)


async def test_an_environments_name_is_quoted():
    """A custom one may be anything."""
    assert EnvCommands("A", "missing", ["a b; id"]).patch(None).startswith("vercel env add A 'a b; id'")
