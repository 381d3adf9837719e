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
