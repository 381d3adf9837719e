"""No secret gets out."""

import base64
import json
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from helpers import redaction
from helpers.errors import SecretLeak
from helpers.escaping import html_table

SECRET = "p@ss:w/ö%rd'\"<x>"


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", {})


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_known_secret_is_masked_in_every_form(form):
    """Plain, URL-encoded, JSON-escaped and base64."""
    redaction.add_secret(SECRET)
    assert redaction.find_secret(redaction.redact(f"see {form} here")) is None


def test_the_password_of_a_dsn_is_learnt_from_it():
    """Both as written and decoded."""
    redaction.add_secrets_of_url(f"postgres://app:{quote(SECRET, safe='')}@db:5432/shop")
    assert SECRET in redaction.known_secrets()


@pytest.mark.parametrize(
    "text",
    [
        "postgres://app:s3cr3t-canary@db/shop",
        "Authorization: Bearer s3cr3t-canary",
        '{"authorization": "Bearer s3cr3t-canary"}',
        "Cookie: session=s3cr3t-canary; b=2",
        "password=s3cr3t-canary&x=1",
        '"api_key": "s3cr3t-canary"',
        "ALTER ROLE app PASSWORD 's3cr3t-canary'",
        "SELECT * FROM users WHERE password = 's3cr3t-canary'",
        "AUTH default s3cr3t-canary",
        "x-api-key: s3cr3t-canary",
    ],
)
def test_what_looks_like_a_secret_is_masked(text):
    """Without knowing it."""
    assert "s3cr3t-canary" not in redaction.redact(text)


@pytest.mark.parametrize(
    "text", ["Cookie: session=s3cr3t-canary", "my token: s3cr3t-canary", "its token:", "authorization = s3cr3t-canary"]
)
def test_a_secret_ends_where_its_cell_does(text):
    """The next cell of a table in HTML stays, and so does the markup."""
    page = redaction.redact(html_table("OK", [text], [{"what": text, "why": "the next"}]))
    ElementTree.fromstring(page.replace("<br>", ""))
    assert ("s3cr3t-canary" in page, page.count(">the next</td>")) == (False, 1)


@pytest.mark.parametrize("text", ["orders(customer_id)", "p95 is 12.3 ms", "SELECT id FROM tokens_used WHERE n = 3", "basic plan chosen"])
def test_ordinary_text_stays(text):
    """Nothing is masked that is no secret."""
    assert redaction.redact(text) == text


def test_literals_are_masked_and_identifiers_stay():
    """Dollar quotes and doubled quotes too."""
    sql = """select "it's" from t where a = 'x''y' and b = $$z$$ and n = 42"""
    assert redaction.mask_literals(sql) == """select "it's" from t where a = '•••' and b = '•••' and n = 42"""


def test_the_writer_refuses_a_known_secret(tmp_path):
    """A file that would hold it is not written."""
    redaction.add_secret(SECRET)
    with pytest.raises(SecretLeak):
        redaction.write_bytes(tmp_path / "x", SECRET.encode())
    assert list(tmp_path.iterdir()) == []


def test_a_value_under_a_secret_name_is_masked_whole():
    """Nested mappings and lists too."""
    assert redaction.redact_value({"a": [{"password": "x"}], "b": 1}) == {"a": [{"password": "•••"}], "b": 1}
