"""A matrix of runbooks, profiles and rows: named readably, and every mistake told with the line it is on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from helpers.errors import PlanError
from helpers.runner.plan import Plan, load_plan
from tests.runner.toys import PARAMETERS, Toy

HEAD = "name: fleet\ndefaults: {profile: empty}\n"
ROUTES = PARAMETERS + '\nroute = ""\nlimit = 0.5\nflags = [1]'


@pytest.fixture
def folder(toy: Toy, tmp_path: Path) -> Path:
    toy(parameters=ROUTES)
    toy(name="other", parameters=ROUTES)
    (tmp_path / "profiles.toml").write_text("[empty]\n[second]\n")
    return tmp_path


def load(folder: Path, text: str, **files: str) -> Plan:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    (folder / "plan.yaml").write_text(text)
    return asyncio.run(load_plan(folder / "plan.yaml"))


def problems(folder: Path, text: str, **files: str) -> list[str]:
    with pytest.raises(PlanError) as caught:
        load(folder, text, **files)
    return caught.value.problems


def runs(plan: Plan) -> dict[str, dict[str, Any]]:
    return {job.name: job.parameters for job in plan.jobs}


def test_rows_in_the_plan(folder: Path) -> None:
    """Named by what differs between them; what all have alike is left out of the name."""
    plan = load(folder, HEAD + "matrix: {runbook: [toy], rows: [{n: 2, route: 'GET /a?b=1'}, {n: 2, route: GET /c}]}")
    assert runs(plan) == {"toy-empty-GET_a_b_1": {"n": 2, "route": "GET /a?b=1"}, "toy-empty-GET_c": {"n": 2, "route": "GET /c"}}


def test_rows_that_look_alike_are_numbered(folder: Path) -> None:
    """Names are unique whatever the values are."""
    plan = load(folder, HEAD + "matrix: {runbook: [toy], rows: [{route: '/a?'}, {route: '/a!'}, {route: '//'}]}")
    assert list(runs(plan)) == ["toy-empty-a.1", "toy-empty-a.2", "toy-empty-row.3"]


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("csv", 'n,route,limit,flags\n2,GET /a,,"[1, 2]"\n\n7,"two\nlines",1,\n'),
        ("json", '[\n {"n": 2, "route": "GET /a", "flags": [1, 2], "limit": null},\n {"n": 7, "route": "two\\nlines", "limit": 1}\n]\n'),
        ("ndjson", '{"n": 2, "route": "GET /a", "flags": [1, 2]}\n\n{"n": 7, "route": "two\\nlines", "limit": 1.0}\n'),
    ],
)
def test_rows_from_a_file(folder: Path, source: str, content: str) -> None:
    """CSV's text is read by the parameter's type, and an empty cell is not given."""
    plan = load(folder, HEAD + f"matrix: {{runbook: [toy, other], profile: [second], rows: {{{source}: t.x}}}}", t_x=content)
    assert [job.parameters for job in plan.jobs] == [
        {"n": 2, "route": "GET /a", "flags": [1, 2]},
        {"n": 7, "route": "two\nlines", "limit": 1.0},
    ] * 2
    assert {(job.runbook, job.profile) for job in plan.jobs} == {("toy", "second"), ("other", "second")}


def test_every_mistake_of_every_row_is_told_with_its_line(folder: Path) -> None:
    """Of the CSV, the plan's runs and the profile at once; near misses named."""
    text = HEAD + "runs: [{runbook: toi}]\nmatrix: {runbook: [toy], profile: [emty], rows: {csv: t.csv}}"
    said = problems(folder, text, t_csv='n,rout,flags\n1,/a,[1]\n"multi\nline",,\nx,,no\n')
    missing = [(start, part) for start, part in EXPECTED if not [p for p in said if p.startswith(start) and part in p]]
    assert missing == []


EXPECTED = [
    ("plan.yaml:3: runs[0]: ", "Did you mean toy"),
    ("t.csv:2: toy: ", "no parameter rout. Did you mean route?"),
    ("t.csv:3: toy: ", "n must be a whole number"),
    ("t.csv:5: toy: ", "n must be a whole number (int), not 'x'"),
    ("t.csv:5: toy: ", "flags must be a JSON list"),
    ("t.csv:2: ", "There is no profile emty. Did you mean empty"),
]


@pytest.mark.parametrize(
    ("rows", "content", "said"),
    [
        ("{csv: none.csv}", "", "plan.yaml:3: matrix.rows: none.csv cannot be read: No such file"),
        ("{csv: t.x}", "n,n\n1,2\n", "t.x:1: the column n is there twice."),
        ("{csv: t.x}", "n\n1,2\n", "t.x:2: 2 cells under 1 columns."),
        ("{csv: t.x}", 'n\n1\n"2\n', "t.x:3: not CSV: unexpected end of data."),
        ("{csv: t.x}", "n\n", "plan.yaml:3: matrix.rows: there are no rows."),
        ("{json: t.x}", '[{"n": 1},\n {"n": }]', "t.x:2: not JSON: Expecting value."),
        ("{json: t.x}", '[{"n": 1}\n {"n": 2}]', "t.x:2: not JSON: a comma or ] is missing."),
        ("{json: t.x}", '{"n": 1}', "t.x:1: the file must hold an array of objects."),
        ("{json: t.x}", '[\n{"n": "1"}]', "t.x:2: toy: n must be a whole number"),
        ("{ndjson: t.x}", '{"n": 1}\nnonsense', "t.x:2: not JSON: Expecting value"),
        ("{ndjson: t.x}", "[1]", "t.x:1: a row is an object of parameters."),
        ("[{n: 1}, 7]", "", "plan.yaml:3: matrix.rows[1]: a row is a mapping of parameters."),
        ("[{n: 1}, {n: one}]", "", "plan.yaml:3: matrix.rows[1]: toy: n must be a whole number"),
        ("{cvs: t.x}", "", "plan.yaml:3: matrix.rows.cvs: there is no key cvs. Did you mean csv"),
        ("{csv: t.x, json: t.x}", "", "plan.yaml:3: matrix.rows: give exactly one of csv, json, ndjson and sql"),
        ("{sql: select 1}", "", "plan.yaml:3: matrix.rows: `sql` and `profile` belong together"),
        ("{sql: select 1, profile: empty}", "", "plan.yaml:3: matrix.rows: the rows cannot be asked of empty: The profile empty has no"),
    ],
)
def test_what_is_no_row_is_refused(folder: Path, rows: str, content: str, said: str) -> None:
    """Wherever it stands."""
    found = problems(folder, HEAD + f"matrix: {{runbook: [toy], rows: {rows}}}", t_x=content)
    assert [problem for problem in found if problem.startswith(said)] != []


def test_several_matrices(folder: Path) -> None:
    """A list of them, each with its own rows, lines and shared parameters."""
    text = HEAD + "matrix:\n  - {runbook: [toy], parameters: {n: 3}, rows: [{route: a}]}\n  - {runbook: [other], parameters: {m: 1}}\n"
    said = problems(folder, text)
    assert (len(said), said[0].startswith("plan.yaml:5: matrix[1].runbook[0]: other: There is no parameter m.")) == (1, True)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("limits: {run: 5}", "plan.yaml:4: limits.run: there is no key run. Did you mean run_s"),
        ("limits: {run_s: 0}", "plan.yaml:4: limits.run_s: Input should be greater than 0"),
        ("limits: {connections_per_postgres: 2}", "plan.yaml:4: limits: connections_per_run is more than connections_per_postgres"),
        ("retries: {healthy: 1}", "plan.yaml:4: retries.healthy: there is no key healthy. Known: unreachable, wait_s."),
    ],
)
def test_limits_and_retries_are_checked_too(folder: Path, more: str, said: str) -> None:
    """A misspelt limit would be no limit."""
    found = problems(folder, HEAD + f"runs: [{{runbook: toy}}]\n{more}")
    assert found[0].startswith(said)


async def test_rows_are_asked_of_a_database(toy: Toy, tmp_path: Path, sandbox_server: Any) -> None:
    """By the read-only session; the types are the column's, NULL is not given, and a statement that changes things is refused."""
    toy(parameters=ROUTES)
    (tmp_path / "profiles.toml").write_text(f'[db]\npostgres = "{sandbox_server.postgres_dsn}"\n')
    head = "name: fleet\nmatrix:\n  runbook: [toy]\n  profile: [db]\n  rows:\n    profile: db\n    sql: "
    sql = "select n::int, 'GET /' || n as route, n / 2.0 as limit from generate_series(1, 2) n union all select 9, null, null"
    (tmp_path / "plan.yaml").write_text(head + sql)
    plan = await load_plan(tmp_path / "plan.yaml")
    assert [job.parameters for job in plan.jobs] == [
        {"n": 1, "route": "GET /1", "limit": 0.5},
        {"n": 2, "route": "GET /2", "limit": 1},
        {"n": 9},
    ]
    (tmp_path / "plan.yaml").write_text(head + "select 'x' as n, 1 as rout")
    with pytest.raises(PlanError, match=r"plan.yaml:7: matrix.rows.sql: row 1: toy: n must be a whole number") as caught:
        await load_plan(tmp_path / "plan.yaml")
    assert "Did you mean route?" in str(caught.value)
    (tmp_path / "plan.yaml").write_text(head + "delete from orders returning id")
    with pytest.raises(PlanError, match=r"plan.yaml:5: matrix.rows: the rows cannot be asked of db"):
        await load_plan(tmp_path / "plan.yaml")
