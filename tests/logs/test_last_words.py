"""What processes said before they ended."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from helpers.logs.checks.last_words import LastWords, last_words, reason_in
from helpers.logs.connect import open_session
from helpers.settings import Profile


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", ("memory", "")),
        ("RequestId: 1 Error: Runtime exited with error: signal: killed", ("memory", "")),
        ("Error: Cannot find module 'sharp'\nRequire stack:", ("module", "sharp")),
        ("Cannot find package 'a-b' imported from /x", ("module", "a-b")),
        ("ModuleNotFoundError: No module named 'yaml'", ("module", "yaml")),
        ("Missing required environment variable: PAYMENT_KEY", ("variable", "PAYMENT_KEY")),
        ("Error: Missing required env var STRIPE_KEY", ("variable", "STRIPE_KEY")),
        ("DATABASE_URL is not set", ("variable", "DATABASE_URL")),
        ("❌ Invalid environment variables: { API_TOKEN: [ 'Required' ] }", ("variable", "API_TOKEN")),
        ("Error: connect ECONNREFUSED 10.0.0.1:5432", ("", "")),
        ("TypeError: Cannot read properties of undefined (reading 'ID_TOKEN')", ("", "")),
    ],
)
def test_a_reason_is_read_from_a_line(body, reason):
    """Memory, a module, a variable; what is none of them gives none."""
    assert reason_in(body) == reason


async def test_reasons_count_where_processes_ended(tmp_path):
    """Without an end they are words alone."""
    now = datetime.now(UTC)

    def entry(second, message, level="error"):
        stamp = int((now - timedelta(seconds=60 - second)).timestamp() * 1000)
        return {
            "id": str(second),
            "timestamp": stamp,
            "deploymentId": "d",
            "projectId": "p",
            "source": "lambda",
            "level": level,
            "message": message,
        }

    said = [entry(1, "Missing required environment variable: PAYMENT_KEY"), entry(2, "Missing required environment variable: PAYMENT_KEY")]
    ended = entry(3, "Node.js process exited with exit status: 1. The logs above can help.", "fatal")
    found = []
    for number, lines in enumerate((said, [*said, ended])):
        path = tmp_path / f"{number}.ndjson"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        found.append(await last_words(await open_session(Profile(name="t", logs=[str(path)]), application_name="test")))
    assert [(one.status, one.facts["exits"], [(r.reason, r.name, r.count) for r in one.rows]) for one in found] == [
        ("OK", 0, [("variable", "PAYMENT_KEY", 2)]),
        ("PROBLEM", 1, [("variable", "PAYMENT_KEY", 2)]),
    ]
    assert isinstance(found[0].rows[0], LastWords)
