"""A walk runs the runbook's own cells, in short, on systems that are lent."""

import json

import pytest

from helpers.incident.lending import Loan, lent, lent_now
from helpers.incident.systems import Systems
from helpers.runner.catalogue import read_runbook
from helpers.settings import Profile
from helpers.triage.finding import State
from helpers.triage.walking import shortened, walk

PARAMETERS = 'profile = "x"  # whose\nwindow_s = 10.0  # how long, in s\nendpoint = ""  # what is slow\n'
OPEN = 'from helpers.incident import open_incident\nincident = await open_incident("made_up", profile=profile, window_s=window_s)\n'
ASK = (
    "from helpers.postgres.checks.missing_index import missing_index\n"
    "from helpers.results import Diagnosis, Status\n"
    "from helpers.statistics import Expectation\n"
    "incident.expectation = Expectation.parse('{felt}', '{metric}')\n"
    'incident.record("judged", {{"expectation": "x", "value": 1, "holds": "{holds}"}}, step="reproduce")\n'
    'incident.finish("reproduce", "done", "Measured.")\n'
    'diagnosis = Diagnosis(Status.{status}, {code}, "orders(id)", "It is so.", {{"endpoint": "GET /x"}}, because=["a"], against=["b"])\n'
)


def asked(holds, status, code, metric="ms"):
    """A cell that says how the reproduction ended, and what the investigation found."""
    return ASK.format(holds=holds, status=status, code=code, metric=metric, felt=f"p95_{metric} < 1")


CONCLUDE = "incident.conclude(diagnosis)"


def book(folder, *cells):
    """A notebook of these code cells, the first of which are its parameters."""
    texts = [(PARAMETERS, ["parameters"]), *((cell, []) for cell in cells)]
    raw = [{"cell_type": "code", "id": f"c{n}", "metadata": {"tags": tags}, "source": text} for n, (text, tags) in enumerate(texts)]
    path = folder / "made_up.ipynb"
    path.write_text(json.dumps({"cells": raw, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return read_runbook(path, folder)


async def walked(folder, *cells, most_s=60.0, **given):
    """What the walk of such a notebook finds, on a profile without systems."""
    loan = Loan(Systems(Profile(name="nothing"), "test"), {}, folder)
    return await walk(book(folder, *cells), given, loan, most_s=most_s)


@pytest.mark.parametrize(
    ("holds", "metric", "status", "code", "state"),
    [
        ("no", "ms", "PROBLEM", "'made_up'", State.CAUSE),
        ("no", "ms", "PROBLEM", "'another'", State.OTHER),
        ("no", "ms", "OK", "None", State.SYMPTOM),
        ("no", "count", "OK", "None", State.SOUND),  # a number nobody feels, and its own investigation finds it sound
        ("no", "count", "UNKNOWN", "None", State.OPEN),
        ("unclear", "ms", "PROBLEM", "'made_up'", State.SUSPECTED),
        ("unclear", "ms", "OK", "None", State.SOUND),
        ("unclear", "ms", "UNKNOWN", "None", State.UNASKED),
    ],
)
async def test_a_walk_ends_as_its_symptom_and_its_diagnosis_say(tmp_path, holds, metric, status, code, state):
    """The runbook's own rule: a cause is named only where the symptom was measured."""
    found = await walked(tmp_path, OPEN, asked(holds, status, code, metric), CONCLUDE)
    assert (found.state, found.because, found.against) == (state, ("a",), ("b",)), found.summary
    assert found.summary.startswith("Measured. ") == (state in (State.SYMPTOM, State.OPEN))


async def test_it_stops_where_the_symptom_is_not_there(tmp_path):
    """Nothing is asked after that."""
    found = await walked(tmp_path, OPEN, asked("yes", "OK", "None").rpartition("diagnosis")[0], "raise ValueError")
    assert (found.state, found.subject) == (State.SOUND, "")


async def test_what_the_diagnosis_learnt_goes_into_the_parameters(tmp_path):
    """Those that were left open; what was given stays."""
    found = await walked(tmp_path, OPEN, asked("no", "PROBLEM", "'made_up'"), CONCLUDE)
    assert found.given == {"endpoint": "GET /x"}
    found = await walked(tmp_path, OPEN, asked("no", "PROBLEM", "'made_up'"), CONCLUDE, endpoint="GET /y")
    assert found.given == {"endpoint": "GET /y"}


@pytest.mark.parametrize("cell", ["raise ValueError('no such thing')", "1 +", "import nothing_of_that_name"])
async def test_a_runbook_that_breaks_is_unasked_with_the_reason(tmp_path, cell):
    """It must not end the triage of the others."""
    found = await walked(tmp_path, OPEN, cell)
    assert (found.state, found.summary.startswith("It broke: ")) == (State.UNASKED, True)


async def test_a_notebook_without_an_incident_is_unasked(tmp_path):
    """Any notebook may lie among the runbooks."""
    assert (await walked(tmp_path, "x = 1")).summary == "It opens no incident."


async def test_without_its_parameter_it_says_what_it_has_to_be_told(tmp_path):
    """Not that a probe could not be asked."""
    cell = "from helpers import http\nawait incident.reproduce(http.latency(endpoint), expect='p95_ms < 5')"
    found = await walked(tmp_path, OPEN, cell)
    assert (found.state, found.summary, found.missing) == (State.UNASKED, "It has to be told endpoint (what is slow).", ["endpoint"])


@pytest.mark.parametrize(
    ("reason", "lost", "state"),
    [
        ("It is gone.", True, State.UNASKED),
        ("It lets nobody in. Next: `runbook run made_up` as another role.", True, State.SYMPTOM),
        ("It lets nobody in. Next: `runbook run another`.", True, State.UNASKED),
        ("This role may not ask that.", False, State.UNASKED),
    ],
)
async def test_a_server_that_lets_nobody_in_is_the_symptom_of_whoever_it_names(tmp_path, reason, lost, state):
    """To all others it is a system that did not answer."""
    cell = f'incident.record("probe_lost", {{"probe": "x", "reason": {reason!r}, "lost": {lost}}}, step="reproduce")'
    found = await walked(tmp_path, OPEN, cell)
    assert (found.state, found.summary, found.lost) == (state, reason, lost)


def test_windows_are_cut_and_what_is_short_already_is_left(tmp_path):
    """Ten seconds to two and a half."""
    assert shortened(book(tmp_path)) == {"window_s": 2.5}


def test_a_loan_is_the_running_tasks_own(tmp_path):
    """And gone afterwards."""
    loan = Loan(Systems(Profile(name="nothing"), "test"), {}, tmp_path)
    with lent(loan):
        assert lent_now() is loan
    assert lent_now() is None


@pytest.mark.parametrize(
    ("holds", "metric", "state"), [("no", "ms", State.SYMPTOM), ("no", "count", State.OPEN), ("yes", "ms", State.SOUND)]
)
async def test_a_symptom_that_was_measured_is_told_when_the_time_ends(tmp_path, holds, metric, state):
    """Its investigation never ends: what was measured is there all the same, and nothing else is said."""
    found = await walked(tmp_path, OPEN, asked(holds, "OK", "None", metric), "import asyncio\nawait asyncio.sleep(60)", most_s=0.5)
    assert (found.state, "in time" in found.summary, found.took_s < 30) == (state, state is not State.SOUND, True), found.summary
