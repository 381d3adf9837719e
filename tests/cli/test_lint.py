"""`runbook lint`: exit codes, one line per problem, one JSON document."""

import json
from pathlib import Path

from tests.cli.test_command_line import runbook

SOUND = Path(__file__).parents[2] / "runbooks" / "redis" / "missing_ttl.ipynb"


def test_a_sound_notebook_is_exit_0(tmp_path):
    """People read stderr."""
    done = runbook(tmp_path, "lint", str(SOUND))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "0 problems in 1 notebook.\n")


def test_a_problem_is_exit_1_and_one_line(tmp_path):
    """With its path as it was found from here, its cell, what it is and what would be right."""
    (tmp_path / "missing_ttl.ipynb").write_text(SOUND.read_text().replace("redis.expire_keys", "redis.expire_key"))
    done = runbook(tmp_path, "lint", ".")
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (1, 2)
    assert lines[0].startswith("missing_ttl.ipynb:cell 20: there is no redis.expire_key; Did you mean expire_keys"), lines
    document = json.loads(runbook(tmp_path, "lint", ".", "--json").stdout)
    problem = document["problems"][0]
    assert (document["notebooks"], problem["cell"], problem["id"], problem["rule"]) == (1, 20, "fix-expire", "members_exist")


def test_bad_usage_is_exit_2(tmp_path):
    """Nothing was checked, so nothing is green."""
    codes = {words: runbook(tmp_path, "lint", words).returncode for words in ("absent.ipynb", ".", "--jsn")}
    assert set(codes.values()) == {2}, codes
