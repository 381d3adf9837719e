"""The command line: exit codes, JSON alone on stdout, errors that say what to do next."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUNBOOK = str(Path(sys.executable).with_name("runbook"))


def runbook(folder, *arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBOOK_", "DATABASE_URL"))}
    done = subprocess.run(
        [RUNBOOK, *arguments],
        cwd=folder,
        env={**clean, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_list_and_show_are_one_json_document(tmp_path):
    """And nothing else on stdout."""
    names = [r["name"] for r in json.loads(runbook(tmp_path, "list", "--json").stdout)]
    shown = json.loads(runbook(tmp_path, "show", "missing_index", "--json").stdout)
    assert ({"missing_index", "lock_contention"} <= set(names), next(p["parameter"] for p in shown["parameters"])) == (True, "profile")


def test_people_read_stderr(tmp_path):
    """stdout stays empty without --json."""
    done = runbook(tmp_path, "show", "lock_contention")
    assert (done.stdout, "longest_wait_s" in done.stderr, done.returncode) == ("", True, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "missing_indx"], "missing_index"),
        (["run", "missing_index", "-p", "slo_p95=3"], "slo_p95_ms"),
        (["run", "missing_index", "-p", "slo_p95_ms=fast"], "number"),
        (["run", "missing_index", "-p", "apply=perhaps"], "true or false"),
        (["run", "missing_index", "--profile", "sandbx"], "sandbox"),
        (["run", "missing_index", "--profile", "shop", "--apply"], "--confirm shop"),
        (["run", "missing_index", "--profile", "broken"], "NO_SUCH_VARIABLE"),
        (["show", "nothing"], "Known"),
        (["report", "last"], "incident"),
        (["undo", "20260101T000000Z-x-0000"], "incident"),
        (["sandbox", "break", "missing_index", "--name", "nobody"], "sandbox up"),
        (["batch", "absent.yaml"], "absent.yaml"),
        (["new", "slow_disk"], "postgres/missing_index"),
        (["run"], "Missing argument"),
        (["nonsense"], "nonsense"),
    ],
    ids=" ".join,
)
def test_bad_usage_is_exit_2_and_says_what_would_be_right(tmp_path, arguments, said):
    """Nothing was started."""
    (tmp_path / "profiles.toml").write_text(
        '[shop]\npostgres = "postgres://a:b@127.0.0.1:9/x"\nprotected = true\n[broken]\npostgres = "env:NO_SUCH_VARIABLE"\n'
    )
    done = runbook(tmp_path, *arguments)
    assert (done.returncode, said in done.stderr, done.stdout, (tmp_path / "incidents").exists()) == (2, True, "", False), done.stderr


def test_an_unreachable_system_is_exit_3_with_one_json_document(tmp_path):
    """The content of incident.json, and the report is there."""
    (tmp_path / "profiles.toml").write_text('[shop]\npostgres = "postgres://a:b@127.0.0.1:9/x"\n')
    done = runbook(tmp_path, "run", "lock_contention", "--profile", "shop", "--json")
    document = json.loads(done.stdout)
    folder = tmp_path / "incidents" / document["id"]
    assert (done.returncode, document["verdict"], json.loads((folder / "incident.json").read_text()) == document) == (
        3,
        "unreachable",
        True,
    )
    audit = runbook(tmp_path, "audit", "last", "--json")
    assert (audit.returncode, json.loads(audit.stdout)["sound"]) == (0, True)
    (folder / "evidence.jsonl").write_text(
        (folder / "evidence.jsonl").read_text().replace("unreachable", "reachable", 1).replace("shop", "shap", 1)
    )
    assert runbook(tmp_path, "audit", "last").returncode == 1


def test_every_command_has_help_with_an_example(tmp_path):
    """`--help` shows real examples."""
    for command in ("run", "batch", "report", "undo", "audit", "lab", "demo", "list", "show", "lint", "new"):
        done = runbook(tmp_path, command, "--help")
        assert (done.returncode, "Example" in done.stdout) == (0, True), command


async def test_the_sandbox_goes_up_breaks_heals_and_goes_down(tmp_path):
    """Each call may be repeated; nothing is left."""
    name = {"RUNBOOK_SANDBOX": f"cli-{os.getpid()}"}
    said = []
    for words in (
        ["up", "--load-rps", "0"],
        ["up", "--load-rps", "0"],
        ["status"],
        ["break", "missing_index"],
        ["heal"],
        ["down"],
        ["down"],
    ):
        done = await asyncio.to_thread(runbook, tmp_path, "sandbox", *words, "--json", **name)
        assert done.returncode == 0, (words, done.stderr)
        said.append(json.loads(done.stdout))
    assert (said[2]["running"], said[3]["subject"], said[5], said[6]) == (True, "orders(customer_id)", {"was_up": True}, {"was_up": False})
