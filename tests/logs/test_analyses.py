"""Every analysis equals an independent, slow, obvious implementation in plain Python, on dirty logs of every format and on failing ones."""

import pytest

from helpers.logs.analyses import analyses
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
