"""Whatever is sent is an alert or an error that says where; there is no third."""

import json

from helpers.alerts import read_alert
from helpers.alerts.bounded import TITLE
from helpers.errors import AlertError
from helpers.escaping import visible
from tests.alerts.fuzz import mutated

ROUNDS = 3000


def outcome(seed):
    """What becomes of one mutation: `refused`, or `read` with what is wrong with what was read."""
    try:
        one = read_alert(mutated(seed))
    except AlertError as refused:
        return ("refused", "") if "The alert cannot be read: " in refused.reason else ("refused", refused.reason)
    said = json.dumps(one.as_data(), ensure_ascii=False)
    said.encode()  # raises where a lone surrogate is left
    return "read", "" if len(one.title) <= TITLE and len(said) < 40_000 and visible(said, limit=50_000) == said else said


def test_every_mutation_is_an_alert_or_is_refused_with_the_reason():
    """Both come up often, and what is read is bounded, visible and can be written down."""
    outcomes = [outcome(seed) for seed in range(ROUNDS)]
    kinds = [kind for kind, _ in outcomes]
    assert ([wrong for _, wrong in outcomes if wrong], min(kinds.count("read"), kinds.count("refused")) > ROUNDS / 10) == ([], True)
