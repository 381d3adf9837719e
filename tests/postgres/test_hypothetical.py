"""hypopg is asked where it is installed; without it what an index saves stays an estimate."""

from typing import Any

import pytest

from helpers.errors import BadAnswer
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.hypothetical import tried_out
from helpers.results import Diagnosis, Status
from tests.postgres.conftest import Database

FOUND = Diagnosis(Status.PROBLEM, "missing_index", "s.t(a, b)", "missing", {"table": "s.t", "columns": ["a", "b"]}, ["read"], [])
SCAN = {"Plan": {"Node Type": "Gather", "Total Cost": 900.0, "Plans": [{"Node Type": "Seq Scan"}]}}
INDEX = {"Plan": {"Node Type": "Limit", "Total Cost": 8.0, "Plans": [{"Node Type": "Index Scan", "Index Name": "<13543>btree_t_a_b"}]}}


class Stub:
    """A session whose server has hypopg; `asked` is what it was asked, in order."""

    def __init__(self, after: dict[str, Any], *, schema: str | None = '"Ext"', fails: bool = False, pooled: bool = False) -> None:
        self.after, self.schema, self.fails, self.pooled = after, schema, fails, pooled
        self.asked: list[str] = []
        self.made = False

    async def value(self, sql: str, *args: object) -> Any:
        self.asked.append(sql.split("(")[0])
        self.made = self.made and "drop" not in sql
        return self.schema

    async def fetch(self, sql: str, *args: object) -> list[dict[str, Any]]:
        self.asked.append(f"{sql.split('(')[0]} {args[0]}")
        if self.fails:
            raise BadAnswer("postgres", "hypopg: access method not supported")
        self.made = True
        return [{"indexrelid": 13543, "indexname": "<13543>btree_t_a_b"}]

    async def explain(self, sql: str) -> dict[str, Any]:
        return self.after if self.made else SCAN


async def test_an_index_the_planner_would_use_is_evidence():
    """Made in the schema the extension is in, explained with and without, and forgotten again."""
    pg = Stub(INDEX)
    found = await tried_out(pg, "select 1", FOUND)  # type: ignore[arg-type]
    assert (found.code, found.facts, pg.made) == ("missing_index", {"cost": 900.0, "cost_with_index": 8.0}, False)
    assert found.because[-1].startswith("hypopg: with this index the planner would use it, at a cost of 8 instead of 900")
    assert pg.asked[1:] == [
        'select indexrelid, indexname from "Ext".hypopg_create_index create index on s.t (a, b)', 'select "Ext".hypopg_drop_index',
    ]  # fmt: skip


async def test_an_index_the_planner_would_not_use_is_no_cause():
    """It does not decide, and says so."""
    found = await tried_out(Stub(SCAN), "select 1", FOUND)  # type: ignore[arg-type]
    assert (found.status, found.code, "would not use it" in found.summary) == (Status.UNKNOWN, None, True)


@pytest.mark.parametrize("pg", [Stub(INDEX, schema=None), Stub(INDEX, pooled=True)])
async def test_without_hypopg_or_through_a_pooler_the_estimate_stands(pg: Stub):
    """The hypothetical index lives in one backend."""
    assert await tried_out(pg, "select 1", FOUND) is FOUND  # type: ignore[arg-type]


async def test_a_refusal_is_said_and_the_estimate_stands():
    """An expression that hypopg cannot take."""
    found = await tried_out(Stub(INDEX, fails=True), "select 1", FOUND)  # type: ignore[arg-type]
    assert (found.code, "could not be asked" in found.against[-1]) == ("missing_index", True)


async def test_another_diagnosis_is_not_tried():
    """Only a missing index is."""
    other = Diagnosis(Status.PROBLEM, "invalid_index", "i")
    assert await tried_out(Stub(INDEX), "select 1", other) is other  # type: ignore[arg-type]


async def test_on_a_server_that_has_it(database: Database, pg: Postgres):
    """The real extension, in a read-only transaction."""
    if not await pg.value("select 1 from pg_available_extensions where name = 'hypopg'"):
        pytest.skip("hypopg is not installed on this server: the extension is no part of PostgreSQL")
    await database.run(
        "create extension hypopg", "create table tried (a int)", "insert into tried select generate_series(1, 50000)", "analyze tried"
    )
    missing = Diagnosis(Status.PROBLEM, "missing_index", "tried(a)", target={"table": "tried", "columns": ["a"]})
    found = await tried_out(pg, "select * from tried where a = 7", missing)
    await database.run("drop table tried", "drop extension hypopg")
    assert found.facts["cost_with_index"] < found.facts["cost"]
