"""What is left of a value: a salted hash and words."""

import base64
import json
import subprocess
import sys

import pytest

from helpers.redaction import redact
from helpers.variables.hidden import hide
from helpers.variables.shapes import entropy, is_placeholder, is_public, is_random, is_secret, named_public, named_secret

RANDOM = "q8Zr2Vw0LxT5nB7yKc3J"


def token(role):
    part = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({"alg": "HS256"}, {"role": role})]
    return ".".join(["eyJ" + part[0][3:], part[1], "c2lnbmF0dXJl"])


@pytest.mark.parametrize(
    "value",
    ["sk_live_" + "a1" * 12, "AKIA" + "A" * 16, "ghp_" + "a" * 36, "postgres://app:hunter22@db.shop.example/app", "whsec_" + "b" * 24,
     "-----BEGIN RSA PRIVATE KEY-----\nabc", token("service_role")],
)  # fmt: skip
def test_a_secret_is_known_by_its_makers_form(value):
    """And is never public."""
    assert (is_secret(value), is_public(value)) == (True, False)


@pytest.mark.parametrize(
    "value",
    ["pk_live_" + "a1" * 12, "https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.example/42", "G-ABC123DEF4", "phc_" + "a" * 40,
     "AIza" + "b" * 35, "https://api.shop.example/v1", "http://localhost:3000", "0b7c1c1e-9b1f-4a53-8a51-6a2c6ed1b1aa", token("anon")],
)  # fmt: skip
def test_what_is_meant_to_be_public_is_no_secret(value):
    """Publishable keys, DSNs of trackers, ids of analytics, addresses."""
    assert (is_public(value), is_secret(value), "random" in hide(value).looks) == (True, False, False)


def test_a_password_of_this_machine_is_no_secret():
    """As it stands in the `.env` of many projects, on purpose."""
    assert [is_secret(f"postgres://postgres:postgres@{host}/dev") for host in ("localhost:5432", "127.0.0.1", "db:5432")] == [False] * 3


def test_a_random_value_is_a_suspicion_only():
    """Long and of high entropy; prose and short words are not."""
    assert [is_random(v) for v in (RANDOM, "a" * 40, "the quick brown fox jumps", "short")] == [True, False, False, False]


@pytest.mark.parametrize("value", ["changeme", "your-api-key", "<secret>", "TODO", "xxxxxx", "..."])
def test_a_placeholder_is_there_to_be_replaced(value):
    """Whatever its case."""
    assert is_placeholder(value)


def test_names_say_what_is_meant():
    """A DSN and a publishable key are public, whatever else is in the name."""
    names = ("NEXT_PUBLIC_STRIPE_SECRET", "NEXT_PUBLIC_SENTRY_DSN", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", "NEXT_PUBLIC_API_URL")
    assert [(named_secret(n), named_public(n)) for n in names] == [(True, False), (False, True), (False, True), (False, False)]


def test_entropy_is_in_bits_a_character():
    """Of nothing it is none."""
    assert [round(entropy(v), 2) for v in ("", "aaaa", "abcd")] == [0.0, 0.0, 2.0]


def test_two_runs_have_two_salts():
    """A hash in an artefact cannot be used to try values."""
    code = "from helpers.variables.hidden import hide; print(hide('canary').digest)"
    said = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)}
    assert (len(said), hide("canary").digest in said, {len(one) for one in said}) == (2, False, {12})


def test_what_looks_like_a_secret_is_masked_everywhere():
    """It is registered as soon as it is read."""
    hide(RANDOM)
    assert redact(f"x {RANDOM} y") == "x ••• y"
