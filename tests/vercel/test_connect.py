"""The platform's API: what is asked, what is refused, what never comes out of it."""

import asyncio
import time
from pathlib import Path

import pytest

from helpers.errors import BadAnswer, ParameterError, ProfileError, Refused, TimedOut, Unreachable
from helpers.settings import Profile
from helpers.vercel import connect
from helpers.vercel.answers import instant, refusal, wait_s

CANARY = "canary-4f1d9c-värde"


async def test_it_says_which_project_answers(opened):
    """By name and framework."""
    async with opened() as vercel:
        assert (await vercel.ping(), await vercel.identity()) == ("project shop-web (nextjs)", "prj_shop_web")


async def test_a_variable_is_a_name_and_a_hash(opened, state):
    """A plain value is compared by its hash; an encrypted or sensitive one is not known, its cipher text is no value."""
    for kind, target in (("plain", "production"), ("encrypted", "preview"), ("sensitive", "development")):
        state.set("SHOP", CANARY, [target], kind=kind)
    async with opened() as vercel:
        found = {one.environments[0]: one for one in await vercel.variables()}
    known = {target: one.is_known for target, one in found.items()}
    assert (known, CANARY in repr(found)) == ({"production": True, "preview": False, "development": False}, False)


async def test_equal_values_have_equal_hashes_within_a_run(opened, state):
    """And different ones do not."""
    state.set("A", "one", ["production"], kind="plain")
    state.set("A", "one", ["preview"], kind="plain")
    state.set("A", "two", ["development"], kind="plain")
    async with opened() as vercel:
        found = {one.environments[0]: one.digest for one in await vercel.variables()}
    assert (found["production"] == found["preview"], found["production"] == found["development"]) == (True, False)


async def test_every_page_is_read(opened, state):
    """250 variables are three pages."""
    for number in range(250):
        state.set(f"NAME_{number}", "x", ["production"])
    async with opened() as vercel:
        assert (len({one.name for one in await vercel.variables()}), vercel.footprint()["requests"]) == (250, 3)


async def test_shared_variables_of_the_team_count(opened, state):
    """They are asked for where the profile names a team."""
    state.said["shared"] = [{"id": "e", "key": "SHARED", "value": "x", "type": "plain", "target": ["production"], "createdAt": 1}]
    state.write()
    async with opened(team="team_shop") as vercel:
        assert [one.name for one in await vercel.variables()] == ["SHARED"]


@pytest.mark.parametrize(
    ("given", "error", "words"), [({"token": "wrong"}, Refused, "vercel.team"), ({"project": "other"}, BadAnswer, "vercel.project")]
)
async def test_a_refusal_names_the_next_step(opened, given, error, words):
    """The scope of the token, or the project's name."""
    async with opened(**given) as vercel:
        with pytest.raises(error) as refused:
            await vercel.ping()
    assert words in refused.value.remedy


async def test_a_rate_limit_is_waited_for(opened, state):
    """As long as Retry-After says."""
    state.said["limit"] = {"left": 0, "headers": {"Retry-After": "1"}}
    state.write()
    async with opened() as vercel:
        began = time.monotonic()
        assert ((await vercel.ping()).startswith("project"), time.monotonic() - began >= 1) == (True, True)


async def test_a_rate_limit_beyond_the_time_out_is_refused_at_once(opened, state):
    """With the seconds to wait."""
    state.said["limit"] = {"left": 0, "headers": {"X-RateLimit-Reset": str(int(time.time()) + 600)}}
    state.write()
    async with opened() as vercel:
        began = time.monotonic()
        with pytest.raises(Refused, match="rate limit"):
            await vercel.ping()
    assert time.monotonic() - began < 5


async def test_a_server_that_hangs_or_is_gone_is_told(opened, monkeypatch):
    """TimedOut, Unreachable."""
    monkeypatch.setattr(connect, "TIMEOUT_S", 0.3)

    async def nothing(reader, writer):
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(nothing, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    async with opened(api=address) as vercel:
        with pytest.raises(TimedOut):
            await vercel.ping()
    silent.close()
    await silent.wait_closed()
    async with opened(api="http://127.0.0.1:9") as vercel:
        with pytest.raises(Unreachable):
            await vercel.ping()


@pytest.mark.parametrize("deployment", ["..", "../../v10/projects/shop-web/env", "a/b", ""])
async def test_only_listed_paths_are_asked(opened, deployment):
    """A deployment's id cannot lead elsewhere, and nothing is sent."""
    async with opened() as vercel:
        with pytest.raises(ParameterError):
            await vercel.runtime_logs(deployment, most=1, for_s=1)
        assert vercel.footprint()["requests"] == 0


@pytest.mark.parametrize("project", ["..", "../teams", "a/b", "", "a?b"])
def test_a_project_is_a_name_or_an_id(project):
    """Nothing that could be another path."""
    with pytest.raises(ValueError, match="project"):
        Profile(name="x", vercel={"project": project})


async def test_the_token_is_a_reference(monkeypatch):
    """One that points at nothing is bad usage."""
    monkeypatch.delenv("VERCEL_TOKEN", raising=False)
    with pytest.raises(ProfileError, match="VERCEL_TOKEN"):
        Profile(name="x", vercel={"project": "shop"}).address("vercel")


def test_there_is_no_way_to_change_anything():
    """The only method in the file that talks to the platform is GET."""
    text = Path(connect.__file__).read_text()
    assert [
        verb for verb in ("POST", "PATCH", "PUT", "DELETE", ".post(", ".patch(", ".put(", ".delete(", ".request(") if verb in text
    ] == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "7"}, 7), ({"x-ratelimit-reset": "1012"}, 12), ({"retry-after": "soon"}, 60), ({}, 60), ({"retry-after": "-5"}, 0.2)],
)
def test_how_long_a_limit_asks_to_wait(headers, seconds):
    """A minute where it does not say."""
    assert wait_s(headers, 1000.0) == seconds


def test_moments_are_utc():
    """What is none is empty."""
    assert (instant(1769860800123), instant(None), instant(True)) == ("2026-01-31T12:00:00.123Z", "", "")


def test_a_server_error_says_to_look_at_its_status():
    """5xx is the platform's."""
    assert "status page" in refusal(503, "/v6/deployments").remedy
