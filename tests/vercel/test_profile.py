"""The profile's `vercel`: from profiles.toml, and from the variables that the platform's own CLI uses."""

import pytest

from helpers.errors import ProfileError
from helpers.redaction import known_secrets
from helpers.settings import load_profile

NAMES = ("VERCEL_TOKEN", "VERCEL_PROJECT_ID", "VERCEL_ORG_ID")


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """A folder without a profiles.toml, and none of the names set."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("given", "project", "team"),
    [
        (("tok-4711", "prj_1", "team_2"), "prj_1", "team_2"),
        (("tok-4711", "prj_1", "user-of-no-team"), "prj_1", ""),
    ],
)
async def test_the_clis_names_are_read(environment, given, project, team):
    """The token stays a reference."""
    for name, value in zip(NAMES, given, strict=True):
        environment.setenv(name, value)
    vercel = (await load_profile("env")).vercel
    assert (vercel.project, vercel.team, vercel.token) == (project, team, "env:VERCEL_TOKEN")


async def test_a_token_without_a_project_is_no_system(environment):
    """Which of them to ask is not known."""
    environment.setenv("VERCEL_TOKEN", "tok-4711")
    assert (await load_profile("env")).systems() == []


async def test_a_token_is_a_secret_as_soon_as_it_is_resolved(environment, tmp_path):
    """From a file, too."""
    (tmp_path / "token").write_text("token-of-a-file\n")
    (tmp_path / "profiles.toml").write_text(f'[shop]\nvercel = {{ project = "shop", token = "file:{tmp_path}/token" }}\n')
    profile = await load_profile("shop")
    assert (profile.address("vercel"), "token-of-a-file" in known_secrets()) == ("https://api.vercel.com", True)


async def test_a_key_it_does_not_know_is_refused(environment, tmp_path):
    """By where it stands."""
    (tmp_path / "profiles.toml").write_text('[shop]\nvercel = { project = "shop", tokn = "x" }\n')
    with pytest.raises(ProfileError, match=r"vercel\.tokn"):
        await load_profile("shop")
