"""Deployments, domains, runtime logs and variables as rows."""

from helpers.results import Status
from helpers.vercel import deployments, domains, runtime_logs, variables


def line(message, **more):
    return {"level": "error", "message": message, "requestMethod": "GET", "requestPath": "/api/a?token=x", "timestampInMs": 1769860800000,
            "responseStatusCode": 500, "rowId": "1", "source": "serverless", "domain": "shop.example", "messageTruncated": False, **more}  # fmt: skip


async def test_which_deployment_is_live(opened, state):
    """That which the project names, not the newest."""
    state.deployed("dpl_a", "1" * 40)
    state.deployed("dpl_b", "2" * 40, target="production", state="ERROR")
    async with opened() as vercel:
        found = await deployments(vercel)
    assert ([(one.id, one.live, one.commit[:1]) for one in found], found.status) == (
        [("dpl_b", False, "2"), ("dpl_a", True, "1")],
        Status.PROBLEM,
    )


async def test_a_domain_that_is_not_verified_is_a_problem(opened, state):
    """It serves nothing."""
    state.said["domains"] = [{"name": "a.example", "verified": True}, {"name": "b.example", "verified": False}]
    state.write()
    async with opened() as vercel:
        found = await domains(vercel)
    assert (found.status, found.summary) == (Status.PROBLEM, "Not verified: b.example.")


async def test_errors_of_the_log_are_grouped_by_their_words(opened, state):
    """Numbers, quotes and the query are left out."""
    state.deployed("dpl_a", "1" * 40)
    state.said["logs"] = [line("Error: order 17 failed\n at x"), line("Error: order 18 failed"), line("fine", level="info")]
    state.write()
    async with opened() as vercel:
        found = await runtime_logs(vercel)
    assert ([(one.words, one.route, one.count) for one in found], found.facts) == (
        [("Error: order … failed", "GET /api/a", 2)],
        {"lines": 3, "whole": True},
    )


async def test_a_log_is_left_where_it_is_long(opened, state):
    """And says so."""
    state.deployed("dpl_a", "1" * 40)
    state.said["logs"] = [line("x")] * 50
    state.write()
    async with opened() as vercel:
        assert (await runtime_logs(vercel, most=10)).facts == {"lines": 10, "whole": False}


async def test_without_a_deployment_there_is_no_log(opened):
    """UNKNOWN, with what to give."""
    async with opened() as vercel:
        found = await runtime_logs(vercel)
    assert (found.status, found.remedy) == (Status.UNKNOWN, "Give `deployment`.")


async def test_variables_say_how_many_can_be_compared(opened, state):
    """And which deployment they are compared with."""
    state.set("A", "1", kind="plain")
    state.set("B", "2", kind="sensitive")
    state.deployed("dpl_a", "1" * 40)
    async with opened() as vercel:
        found = await variables(vercel)
    assert ([one.name for one in found], found.facts["readable"], found.facts["live"]) == (["A", "B"], 1, "dpl_a")
