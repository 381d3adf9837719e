"""`runbook triage --alert`: what cannot be read is bad usage, and nothing is started."""

import pytest

from tests.cli.test_command_line import runbook

GOOD = '{"alerts": [{"labels": {"alertname": "A"}}]}'


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{"alerts": [{"labels": 7}]}', "alerts[0].labels: an object is expected, not a number"),
        ("not json", "line 1, column 1"),
        (None, "alert.json cannot be read: No such file"),
    ],
)
def test_an_alert_that_cannot_be_read_is_bad_usage(tmp_path, given, said):
    """Exit 2, with where it is wrong and what is accepted."""
    if given is not None:
        (tmp_path / "alert.json").write_text(given)
    done = runbook(tmp_path, "triage", "--profile", "env", "--alert", "alert.json", REDIS_URL="redis://127.0.0.1:1/0")
    accepted = "Accepted are the webhooks of Alertmanager" in done.stderr
    assert (done.returncode, said in done.stderr, accepted, (tmp_path / "incidents").exists()) == (2, True, True, False), done.stderr
