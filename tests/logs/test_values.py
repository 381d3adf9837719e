"""One value, however it was written: times with their zone, epochs of every unit, and None where it could mean several things."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from helpers.logs import engine

MARCH = datetime(2026, 3, 3, 8, 0, 0, 123000, tzinfo=UTC)


def as_time(value):
    with duckdb.connect() as duck:
        duck.execute("set TimeZone = 'UTC'")
        duck.execute(Path(engine.__file__).with_name("macros.sql").read_text())
        found = duck.execute("select epoch_us(as_time(?))", [value]).fetchone()[0]
    return None if found is None else datetime.fromtimestamp(found // 1_000_000, UTC).replace(microsecond=found % 1_000_000)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-03T08:00:00.123Z", "2026-03-03T10:00:00.123+02:00", "2026-03-03 04:30:00.123-0330", "2026-03-03 08:00:00.123", "2026-03-03 08:00:00,123",
        "2026-03-03T09:00:00,123+01:00", "2026-03-03 08:00:00.123 UTC", "2026-03-03 09:00:00.123 CET", "2026-03-03 03:00:00,123 EST",
        "2026-03-03 11:00:00.123 +03", "2026-03-03 09:00:00.123 Europe/Berlin", "1772524800.123", "1772524800123", "1772524800123000", "1772524800123000000",
    ],
)  # fmt: skip
def test_a_time_is_the_same_moment_however_written(written):
    """Offsets, comma decimals, zones, epochs."""
    assert as_time(written) == MARCH


@pytest.mark.parametrize(
    "written", ["2026-03-03 08:00:00.123 IST", "2026-03-03 08:00:00 BST", "yesterday", "infinity", "epoch", "", "7", "nan", "20260303"]
)
def test_what_could_mean_several_moments_means_none(written):
    """It is counted as not convertible, not guessed."""
    assert as_time(written) is None


HEAD = '10.0.0.1 - - [03/Mar/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 12'


@pytest.mark.parametrize(
    ("rest", "agent"),
    [
        ("", None), (' "-" "curl/8"', "curl/8"), (' "-" "a \\"b\\"" "10.1.1.1" 0.012', 'a \\"b\\"'), (" 0.012 upstream", None), (' "-" "-" [x]', None),
        (' "-" "curl/8"' + HEAD, False), (' "-" "cur' + HEAD, False), (HEAD, False), (' "-" "cur', False), (' "', False),
    ],
)  # fmt: skip
def test_of_two_combined_lines_on_one_none_is_made_up(tmp_path, rest, agent):
    """Fields of one's own may follow; another line, or the rest of a cut one, may not."""
    path = tmp_path / "access.log"
    path.write_text(f"{HEAD}\n{HEAD}\n{HEAD}{rest}\n")
    with engine.Logs.open([path]) as logs:
        found = logs.rows("select user_agent_original from entries")[2:]
    assert found == ([] if agent is False else [(agent,)])
