"""Who may read what: which requests are tried, what counts as wrong, what is kept; and what missing_auth makes of it."""

from dataclasses import replace

import pytest

from helpers.errors import ParameterError
from helpers.git.checks.guards import GuardedRoute
from helpers.http.access import Access, findings_in, shape_of
from helpers.http.checks.access_matrix import access_matrix
from helpers.http.checks.missing_auth import Seen, judge
from helpers.http.connect import Api
from helpers.http.credentials import headers_of
from helpers.http.openapi_document import Operation
from helpers.http.probes.exposed import Exposed
from helpers.http.targets import given_endpoints, targets_of
from helpers.results import Status

ROW = Access("GET /a/{id}", 401, 200, 404, "", same=False, finding="", private=True)
OPEN = Access("GET /a/{id}/b", 200, 200, 0, "name: str", same=False, finding="")


def described(route, *required, security=()):
    """A route as the API describes it."""
    return Operation(route, tuple(required), (), tuple(security), ())


def test_paths_are_filled_with_what_is_known_and_what_needs_more_is_left_out():
    """A query that is not known, another method, a name that may change something."""
    operations = [
        described("GET /a/{id}", "path.id"), described("GET /a/{id}/b", "path.id"), described("GET /c", "query.q"), described("GET /d"),
        described("GET /e/{id}", "path.id"), described("POST /a"), described("GET /logout"), described("GET /a/{id}/cancel"),
    ]  # fmt: skip
    found = {target.route: (target.path, target.is_private) for target in targets_of(operations, ["/a/7?x=1", "/z/9"])}
    assert found == {
        "GET /a/{id}": ("/a/7?x=1", True),
        "GET /z/9": ("/z/9", True),
        "GET /a/{id}/b": ("/a/7/b", False),
        "GET /d": ("/d", False),
    }


def test_only_get_may_be_private():
    """Others are refused before anything is asked."""
    assert given_endpoints("GET /a?b=1,2, GET /c") == ["/a?b=1,2", "/c"]
    with pytest.raises(ParameterError):
        given_endpoints("DELETE /a")
    with pytest.raises(ParameterError):
        Exposed(private="POST /a")


@pytest.mark.parametrize(
    ("row", "others", "public", "is_wrong"),
    [
        (OPEN, [ROW], [], True),
        (OPEN, [ROW], ["/a/{id}/b"], False),
        (replace(OPEN, shape=""), [ROW], [], False),
        (OPEN, [], [], False),
        (replace(OPEN, route="GET /ab"), [replace(ROW, route="GET /a")], [], False),
        (replace(OPEN, route="GET /a"), [ROW], [], False),
        (replace(OPEN, security="bearer"), [], [], True),
        (replace(OPEN, private=True), [], [], True),
        (replace(ROW, b=200, same=True, shape="name: str"), [], [], True),
        (replace(ROW, b=200, same=False, shape=""), [], [], False),
        (replace(OPEN, route="GET /health", security="bearer"), [], [], False),
        (replace(OPEN, nobody=404), [ROW], [], False),
    ],
)
def test_what_counts_as_wrong(row, others, public, is_wrong):
    """Data for somebody who should be refused, and nothing else."""
    assert bool(findings_in([row, *others], public)[0].finding) is is_wrong


def test_a_shape_holds_names_and_types_and_no_value():
    """Keys that are values themselves are left out."""
    body = b'{"id": 7, "who": {"email": "a@b.c", "x@y.z": 1}, "items": [{"sku": "S"}, {"n": 1.5}], "none": null}'
    assert shape_of(body) == "id: int, items[].n: float, items[].sku: str, none: null, who.email: str"
    assert [shape_of(each) for each in (b"", b"[]", b'"text"', b"<html>", b"3")] == [""] * 5


def test_credentials_are_references_only(tmp_path, monkeypatch):
    """A token goes as a bearer, a whole header as it is."""
    monkeypatch.setenv("SOMEBODY", "tok-1234567")
    (tmp_path / "key").write_text("X-API-Key: key-1234567\n")
    assert headers_of("env:SOMEBODY") == {"Authorization": "Bearer tok-1234567"}
    assert headers_of(f"file:{tmp_path}/key") == {"X-API-Key": "key-1234567"}
    assert headers_of("") == {}
    with pytest.raises(ParameterError):
        headers_of("tok-1234567")


GUARD = GuardedRoute("GET /a/{a_id:int}/b", "a/routes.py", 7, "read_b", [], "a.auth.signed_in")
FOUND = replace(OPEN, finding="GET /a/{id} asks for credentials, and it does not")


def test_an_open_route_is_named_with_its_handler():
    """And the guard of its neighbours, for the patch."""
    found = judge(Seen(matrix=[ROW, FOUND], guards=[GUARD]))
    assert (found.code, found.subject, found.fix, found.target) == (
        "missing_auth", "GET /a/{id}/b", "add_guard",
        {"route": "GET /a/{id}/b", "tenant": False, "file": "a/routes.py", "function": "read_b", "guard": "a.auth.signed_in"},
    )  # fmt: skip


def test_its_neighbours_are_told_apart():
    """Expired credentials, nothing that asks, a route that may not be tried, open pages outside production."""
    expired = judge(Seen(matrix=[replace(ROW, a=401)]))
    nobody = judge(Seen(why_unknown="None asks."))
    unsafe = judge(Seen(matrix=[ROW], guards=[replace(GUARD, route="POST /a")]))
    fine = judge(Seen(matrix=[ROW], open_pages=["/docs"]))
    assert [(each.status, each.code) for each in (expired, nobody, unsafe, fine)] == [
        (Status.UNKNOWN, None), (Status.UNKNOWN, None), (Status.UNKNOWN, None), (Status.OK, None),
    ]  # fmt: skip
    assert "POST /a (a/routes.py:7)" in unsafe.summary


def test_open_documentation_is_a_finding_in_production_only():
    """Of its own."""
    found = judge(Seen(matrix=[ROW], open_pages=["/docs"], production=True))
    assert (found.code, found.subject, found.fix) == ("missing_auth", "GET /docs", "close_documentation")


async def test_an_api_that_asks_nobody_is_unknown_and_a_private_route_of_it_a_problem(sandbox_server):
    """The demo application has no sign-in."""
    api = Api(sandbox_server.profile["api"], "test")
    try:
        nothing = await access_matrix(api)
        private = await access_matrix(api, private="GET /orders/7")
        samples = await Exposed(private="GET /orders/7").measure({"api": api})
    finally:
        await api.close()
    assert (nothing.status, private.status, private.facts["found"]) == (Status.UNKNOWN, Status.PROBLEM, ["GET /orders/{order_id}"])
    assert len(samples) >= 8
    assert any(not sample.ok for sample in samples)
