"""Every analysis equals an independent, slow, obvious implementation in plain Python, on dirty logs of every format and on failing ones."""

import json

import pytest

from helpers.logs.analyses import analyse, analyses
from helpers.logs.engine import Logs
from tests.logs.oracle import ORACLE
from tests.logs.questions import QUESTIONS, answered, differences, dirty, entries_in, expected, failing, label

SEEDS = (1, 2)


@pytest.fixture(
    scope="module", params=[(make, seed) for make in (dirty, failing) for seed in SEEDS], ids=lambda p: f"{p[0].__name__}-{p[1]}"
)
def asked(request, tmp_path_factory):
    make, seed = request.param
    with Logs.open(make(tmp_path_factory.mktemp("logs"), seed)) as logs:
        yield logs, entries_in(logs)


@pytest.mark.parametrize("question", QUESTIONS, ids=label)
def test_it_equals_the_oracle(asked, question):
    """Row by row, in order."""
    logs, entries = asked
    assert differences(answered(logs, *question), expected(entries, *question)) == []


def test_every_analysis_has_an_oracle_and_a_question():
    """A new one brings its own."""
    assert set(analyses()) == set(ORACLE) == {name for name, _ in QUESTIONS}


def test_a_message_with_quotes_is_not_cut(tmp_path):
    """structlog writes its traces as JSON within JSON: a quote in the message is escaped, and no end of it."""
    frames = [{"filename": "/srv/app/orders.py", "lineno": 7, "name": "total"}]
    raised = [{"exc_type": "KeyError", "exc_value": 'no "sku" in \\ the cart\nsecond line', "frames": frames}]
    line = {"event": "request failed", "level": "error", "timestamp": "2026-03-03T08:00:00Z", "exception": raised}
    (tmp_path / "a.log").write_text(json.dumps(line) + "\n")
    with Logs.open([tmp_path / "a.log"]) as logs:
        (found,) = analyse(logs, "errors").to_dict("records")
    assert (found["message"], found["error_type"], "orders.py" in found["frames"]) == ('no "sku" in \\ the cart', "KeyError", True)
