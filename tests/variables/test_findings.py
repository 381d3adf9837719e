"""What is wrong with variables, and what only looks so."""

import pytest

from helpers.results import Diagnosis, Status
from helpers.variables.hidden import hide
from helpers.variables.judging import decisive, judge
from helpers.variables.known import CommittedEnv, EnvRead, Variable
from helpers.variables.setting import Known

BOTH, SINCE, LIVE, LATER = ["production", "preview"], "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"
KEY, RANDOM = "sk_live_" + "4Zr8Vw2Lx9Tn", "q8Zr2Vw0LxT5nB7yKc3J"


def var(name, value=None, environments=BOTH, source="vercel", kind="plain", changed_at=SINCE, branch=""):
    hidden = hide(value) if value is not None else None
    return Variable(
        name, list(environments), source, kind, changed_at, branch, hidden.digest if hidden else "", list(hidden.looks) if hidden else []
    )


def read(name, need="required", file="lib/a.ts"):
    return EnvRead(name, file, 3, need, "process.env")


def committed(name, value, at=LIVE, tracked=False):
    return CommittedEnv(name, ".env", "0" * 10, at, tracked, hide(value).digest, list(hide(value).looks))


def said(platform=(), reads=(), **more):
    found = judge(Known(**{"platform": platform, "reads": reads, "committed": [], "live_at": LIVE, **more}), fix="env_commands")
    return found.status, found.subject


WRONG = {
    "missing in production": ([var("A_URL", "x", ["preview"])], [read("A_URL")], {}, "A_URL: missing in production"),
    "required and nowhere": ([], [read("A_URL")], {}, "A_URL: missing in production, preview"),
    "misspelt": ([var("RATE_URL", "x")], [read("RATES_URL")], {}, "RATES_URL: set as RATE_URL in production, preview"),
    "another case": ([var("rates_url", "x")], [read("RATES_URL")], {}, "RATES_URL: set as rates_url in production, preview"),
    "without its prefix": ([var("SITE_NAME", "x")], [read("NEXT_PUBLIC_SITE_NAME")], {}, "NEXT_PUBLIC_SITE_NAME: set as SITE_NAME in production, preview"),
    "empty": ([var("A_URL", "", ["production"]), var("A_URL", "x", ["preview"])], [read("A_URL")], {}, "A_URL: empty in production"),
    "placeholder": ([var("A_KEY", "changeme")], [read("A_KEY", "unknown")], {}, "A_KEY: a placeholder in production, preview"),
    "line break": ([var("A_KEY", "abc\n", ["production"]), var("A_KEY", "abc", ["preview"])], [read("A_KEY")], {}, "A_KEY: line break around its value in production"),
    "quotes": ([var("A_KEY", '"abc"')], [read("A_KEY")], {}, "A_KEY: quotes around its value in production, preview"),
    "public, by its form": ([var("NEXT_PUBLIC_PAY", KEY)], [], {}, "NEXT_PUBLIC_PAY: a secret in what browsers load"),
    "public, the same as a secret": ([var("NEXT_PUBLIC_PAY", RANDOM), var("PAY_SECRET", RANDOM)], [], {}, "NEXT_PUBLIC_PAY: a secret in what browsers load, the same as PAY_SECRET"),
    "public, by name and form": ([var("NEXT_PUBLIC_API_SECRET", RANDOM)], [], {}, "NEXT_PUBLIC_API_SECRET: a secret in what browsers load"),
    "in history": ([var("PAY_KEY", kind="sensitive")], [], {"committed": [committed("PAY_KEY", KEY)]}, "PAY_KEY: a secret in git's history (.env)"),
    "in git, and in use": ([var("PAY_KEY", KEY, changed_at=LATER)], [], {"committed": [committed("PAY_KEY", KEY, tracked=True)]}, "PAY_KEY: a secret in git (.env)"),
    "not deployed": ([var("A_URL", "x", changed_at=LATER)], [read("A_URL")], {}, "A_URL: changed after the deployment that serves production"),
    "must be the same": ([var("A", "1", ["production"]), var("A", "2", ["preview"])], [read("A")], {"same": ("A",)}, "A: differs between production and preview"),
    "pulled, without the API": (None, [read("A_URL")], {"files": [var("B", "x", ["production"], ".env.production.local:2", "pulled")]}, "A_URL: missing in production"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_it_names_what_is_wrong(case):
    """The variable, what, and where."""
    platform, reads, more, subject = WRONG[case]
    assert said(platform, reads, **more) == (Status.PROBLEM, subject)


MEANT = {
    "another value in each environment": ([var("DATABASE_URL", "a", ["production"]), var("DATABASE_URL", "b", ["preview"])], [read("DATABASE_URL")], {}),
    "the platform's own": ([], [read("VERCEL_URL"), read("NODE_ENV"), read("VERCEL_ENV"), read("CI")], {}),
    "an override for a branch": ([var("A_URL", "x"), var("A_URL", "", ["preview"], branch="feature")], [read("A_URL")], {}),
    "gone from code and platform": ([], [], {}),
    "it has a default": ([], [read("A_URL", "optional")], {}),
    "switched off by an empty value": ([var("A_URL", "")], [read("A_URL", "optional")], {}),
    "set, and read by no code": ([var("SENTRY_AUTH_TOKEN", "changeme", ["production"])], [], {}),
    "in one environment only, on purpose": ([var("A_TOKEN", "x", ["production"])], [read("A_TOKEN", "unknown")], {}),
    "a file that git has": ([], [read("A_URL")], {"files": [var("A_URL", "x", BOTH, ".env:1", "committed")]}),
    "run by hand": ([], [read("A_URL", file="scripts/seed.ts")], {}),
    "keys with numbers": ([var("A_KEY_1", "x")], [read("A_KEY_1"), read("A_KEY_2", "optional")], {}),
    "a DSN of a tracker": ([var("NEXT_PUBLIC_SENTRY_DSN", "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.example/4")], [], {}),
    "a publishable key": ([var("NEXT_PUBLIC_STRIPE_KEY", "pk_live_4Zr8Vw2Lx9TnQ7"), var("STRIPE_PUBLISHABLE_KEY", "pk_live_4Zr8Vw2Lx9TnQ7")], [], {}),
    "an address on both sides": ([var("NEXT_PUBLIC_API_URL", "https://api.shop.example"), var("API_URL", "https://api.shop.example")], [], {}),
    "an id of analytics": ([var("NEXT_PUBLIC_ANALYTICS_ID", "0b7c1c1e-9b1f-4a53-8a51-6a2c6ed1b1aa")], [], {}),
    "a site key that is random": ([var("NEXT_PUBLIC_RECAPTCHA_SITE_KEY", RANDOM)], [], {}),
    "issued anew since": ([var("PAY_KEY", kind="sensitive", changed_at=LATER)], [], {"committed": [committed("PAY_KEY", KEY)]}),
    "another value since": ([var("PAY_KEY", KEY + "x")], [], {"committed": [committed("PAY_KEY", KEY)]}),
    "changed for preview alone": ([var("A_URL", "x", ["preview"], changed_at=LATER), var("A_URL", "y", ["production"])], [read("A_URL")], {}),
    "changed, and read by no code": ([var("A_URL", "x", changed_at=LATER)], [], {}),
    "a key's own line break": ([var("A_KEY", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n")], [read("A_KEY")], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANT, ids=str)
def test_what_is_meant_is_not_named(case):
    """The platform and the code agree."""
    platform, reads, more = MEANT[case]
    assert said(platform, reads, **more) == (Status.OK, "")


DOUBTFUL = {
    "nearly the same name, and the code has a default": ([var("RATE_URL", "x")], [read("RATES_URL", "optional")], {}),
    "missing in production, and whether it is needed is not known": ([var("A_URL", "x", ["preview"])], [read("A_URL", "unknown")], {}),
    "empty, and whether it may be is not known": ([var("A_URL", "")], [read("A_URL", "unknown")], {}),
    "a secret's name, and its value is not readable": ([var("NEXT_PUBLIC_API_SECRET", kind="encrypted")], [], {}),
    "random, under a neutral name": ([var("NEXT_PUBLIC_THING_KEY", RANDOM)], [], {}),
    "must be the same, and is not readable": ([var("A", kind="sensitive")], [], {"same": ("A",)}),
    "in history, of something the platform does not have": ([], [], {"committed": [committed("OLD_KEY", KEY)]}),
    "the code is not known": ([var("A", "x")], None, {}),
    "the platform is not known": (None, [read("A")], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", DOUBTFUL, ids=str)
def test_what_cannot_be_told_apart_is_not_decided(case):
    """UNKNOWN, never OK and never a cause."""
    platform, reads, more = DOUBTFUL[case]
    assert said(platform, reads, **more) == (Status.UNKNOWN, "")


def test_a_value_that_was_pulled_is_compared_where_the_platforms_is_not_readable():
    """As long as it was pulled after the last change."""
    pulled = [var("A", value, [env], f".env.{env}.local:2", "pulled", LATER) for value, env in (("1", "production"), ("2", "preview"))]
    old = [var("A", "1", ["production"], "x", "pulled", SINCE), *pulled[1:]]
    known = {"platform": [var("A", kind="sensitive")], "reads": [read("A")], "same": ("A",)}
    assert (said(**known, files=pulled)[1], said(**known, files=old)[0]) == ("A: differs between production and preview", Status.UNKNOWN)


def test_the_worst_comes_first_and_the_others_are_told():
    """A secret that is out, before what fails."""
    found = judge(Known(platform=[var("NEXT_PUBLIC_PAY", KEY)], reads=[read("A_URL")], committed=[]), fix="env_commands")
    assert (found.subject, found.target["kind"], "A_URL: missing in production, preview." in found.because) == (
        "NEXT_PUBLIC_PAY: a secret in what browsers load", "public_secret", True,
    )  # fmt: skip


def test_the_diagnosis_with_the_code_comes_first():
    """Without the code, what the platform says alone."""
    alone, with_code = Diagnosis(Status.UNKNOWN, summary="alone"), Diagnosis(Status.OK, summary="with")
    assert (decisive(with_code, alone).summary, decisive(said, alone).summary) == ("with", "alone")
