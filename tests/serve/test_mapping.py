"""The operator's map: which profile is asked about which alert."""

import pytest

from helpers.alerts import read_alert
from helpers.errors import ProfileError, UsageError
from helpers.serve.mapping import read_map
from helpers.serve.refusal import Refusal
from tests.serve.sending import body


@pytest.fixture
def written(tmp_path, monkeypatch):
    """`written(text)` is a map's file, beside profiles `shop` and `billing`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles.toml").write_text("[shop]\n[billing]\n")

    def write(text):
        (tmp_path / "map.toml").write_text(text)
        return tmp_path / "map.toml"

    return write


def asked(routing, **labels):
    """The profile of an alert with these labels."""
    return routing.of(read_alert(body("A", **labels)))


def test_a_labels_value_leads_to_a_profile_and_the_rest_to_the_given_one(written):
    """`service` is what the alert is of, by whichever label it says so."""
    routing = read_map(written('[service]\ncheckout = "billing"\n[team]\nblue = "billing"\n'), "shop")
    found = [asked(routing, **labels) for labels in ({"service": "checkout"}, {"job": "checkout"}, {"team": "blue"}, {"team": "red"}, {})]
    assert found == ["billing", "billing", "billing", "shop", "shop"]


def test_without_one_for_the_rest_the_rest_is_refused(written):
    """No profile is guessed."""
    routing = read_map(written('[service]\ncheckout = "billing"\n'), "")
    with pytest.raises(Refusal, match="unmapped"):
        asked(routing, service="other")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('service = "shop"', UsageError),
        ("[service]\ncheckout = 7", UsageError),
        ("[service", UsageError),
        ('[service]\ncheckout = "shopp"', ProfileError),
    ],
)
def test_a_map_that_is_none_is_said_before_anything_listens(written, text, error):
    """With what to write instead."""
    with pytest.raises(error) as raised:
        read_map(written(text), "shop")
    assert raised.value.exit_code == 2
