"""What an API says of itself, and of a rejected request; the bodies themselves are not kept."""

import json

import pytest

from helpers.http.checks.openapi import openapi
from helpers.http.checks.rejected_request import RejectedField, fields_of, rejected_request
from helpers.http.connect import Api
from helpers.http.openapi_document import operations_in
from helpers.http.probes.rejections import Rejections
from helpers.results import Status

DOCUMENT = {
    "openapi": "3.1.0",
    "security": [{"bearer": []}],
    "paths": {
        "/a/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {"security": [], "parameters": [{"name": "page", "in": "query", "required": True}]},
            "post": {"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}},
            "put": {"security": [{"bearer": []}, {}]},
        },
        "/broken": {"get": None, "post": {"parameters": "none", "requestBody": {"$ref": "http://elsewhere/x"}}},
    },
    "components": {
        "parameters": {"id": {"name": "id", "in": "path", "required": True}},
        "schemas": {
            "A": {"type": "object", "required": ["b"], "properties": {"b": {"items": {"$ref": "#/components/schemas/B"}}, "again": {"$ref": "#/components/schemas/A"}}},
            "B": {"allOf": [{"required": ["c"], "properties": {"c": {"type": "string"}, "d": {}}}]},
        },
    },
}  # fmt: skip


def test_a_document_is_read_with_references_and_without_following_any_elsewhere():
    """Parameters, nested fields, and which security a route asks for."""
    found = {one.route: one for one in operations_in(json.dumps(DOCUMENT).encode())}
    assert found["GET /a/{id}"].required == ("path.id", "query.page")
    assert {"body", "body.b", "body.b.c"} <= set(found["POST /a/{id}"].required)
    assert "body.b.d" in found["POST /a/{id}"].optional
    assert {route: one.security for route, one in found.items()} == {
        "GET /a/{id}": (), "POST /a/{id}": ("bearer",), "PUT /a/{id}": (), "GET /broken": ("bearer",), "POST /broken": ("bearer",),
    }  # fmt: skip


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b'{"paths": []}', b'{"paths": {"/a": 3}}'])
def test_what_is_no_document_has_no_routes(text):
    """Nothing is raised."""
    assert operations_in(text) == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"detail": [{"type": "missing", "loc": ["body", "items", 0, "gift"], "input": "secret"}]}', [RejectedField("body.items.gift", "missing")]),
        (b'{"errors": [{"field": "email", "code": "invalid"}]}', [RejectedField("email", "invalid")]),
        (b'{"detail": "No"}', []),
        (b"nothing", []),
    ],
)  # fmt: skip
def test_a_rejection_names_fields(body, fields):
    """Without what was given."""
    assert fields_of(body) == fields


async def test_the_demo_application_describes_itself(sandbox_server):
    """Its pages are open, and a rejected GET names its field."""
    api = Api(sandbox_server.profile["api"], "test")
    try:
        described = await openapi(api)
        rejected = await rejected_request(api, request="GET /orders")
        skipped = await rejected_request(api, request="")
        samples = await Rejections("GET /orders", samples=3).measure({"api": api})
    finally:
        await api.close()
    assert (described.status, described.facts["open_pages"]) == (Status.OK, ["/openapi.json", "/docs", "/redoc"])
    assert {row.route: row.required for row in described.rows}["GET /orders"] == ["query.customer_id"]
    assert (rejected.status, list(rejected.rows)) == (Status.PROBLEM, [RejectedField("query.customer_id", "missing")])
    assert (skipped.status, [sample.ok for sample in samples]) == (Status.SKIPPED, [False] * 3)
