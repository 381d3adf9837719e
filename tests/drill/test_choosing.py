"""Rounds are drawn from a seed."""

import pytest

from helpers.drill.choosing import Difficulty, checked, draw, playable
from helpers.errors import UsageError
from helpers.sandbox.faults import load_fault


def test_the_same_seed_is_the_same_round_and_others_differ():
    """So that a round can be played again."""
    rounds = [draw(seed).injections for seed in range(40)]
    assert (rounds == [draw(seed).injections for seed in range(40)], len({str(r) for r in rounds}) > 20) == (True, True)


@pytest.mark.parametrize("difficulty", list(Difficulty))
def test_a_round_runs_what_its_faults_need(difficulty):
    """A look-alike first, beside one fault; or two faults of different areas."""
    for seed in range(60):
        chosen = draw(seed, difficulty)
        real = [i for i in chosen.injections if not load_fault(i.fault).lookalike]
        assert all(set(load_fault(i.fault).services) <= set(chosen.services) for i in chosen.injections)
        assert len(real) == (2 if difficulty is Difficulty.TWO else 1)
        assert len({i.area for i in real}) == len(real)
        assert len(chosen.injections) == (1 if difficulty is Difficulty.SINGLE else 2)


def test_every_fault_is_drawn_sooner_or_later():
    """Each as likely as every other, however many variants it has."""
    assert {draw(seed).injections[0].fault for seed in range(1000)} == {i.fault for i in playable()}


@pytest.mark.parametrize("given", [("hard", ""), ("single", "mysql")])
def test_what_is_no_difficulty_or_area_is_refused_with_those_there_are(given):
    """Before a sandbox is started."""
    with pytest.raises(UsageError, match="is no") as refused:
        checked(*given)
    assert "Known: " in refused.value.remedy
