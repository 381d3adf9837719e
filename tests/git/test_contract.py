"""What routes demand, read from code nobody here has seen; and which change of it rejects what was taken."""

import subprocess

import pytest

from helpers.git.checks.contract_changes import contract_changes
from helpers.git.connect import Checkout
from helpers.git.contract import contract_of
from helpers.git.drift import drifts
from helpers.git.fixes.relax_field import RelaxField
from helpers.git.inputs import Input
from helpers.git.project import parsed
from helpers.git.revisions import commit_of
from helpers.results import Status

FILES = {
    "src/clinic/schemas.py": """
from enum import Enum
from typing import Annotated, Optional
from pydantic import BaseModel, ConfigDict, Field, field_validator

class Kind(str, Enum):
    visit = "visit"

Name = Annotated[str, Field(max_length=40)]

class Person(BaseModel):
    name: Name
    born: Optional[int] = None

class Doctor(Person):
    model_config = ConfigDict(extra="forbid")
    licence: str = Field(..., alias="licenceNo")

    @field_validator("licence")
    @classmethod
    def known(cls, value):
        return value

class Visit(BaseModel):
    kind: Kind
    doctor: Doctor
    people: list[Person] = []
""",
    "src/clinic/deps.py": """
from fastapi import Header
async def tenant(x_tenant: str = Header(...)): return x_tenant
""",
    "src/clinic/api.py": """
from typing import Annotated
from fastapi import APIRouter, Body, Depends, FastAPI, Query, Request
from clinic import schemas
from clinic.deps import tenant

router = APIRouter(prefix="/visits")

@router.post("", dependencies=[Depends(tenant)])
async def book(visit: schemas.Visit, request: Request, dry: bool = False): ...

@router.get("/{visit_id:int}")
async def read(visit_id: int, page: Annotated[int, Query(ge=1)], word: str = Query("", alias="q")): ...

@router.put("/{visit_id}")
async def change(visit_id: int, visit: schemas.Visit, reason: str = Body(...)): ...

app = FastAPI()
app.include_router(router, prefix="/v1")
""",
}


def one(name="body.a", *, required=True, type="str", limits=()):  # noqa: A002 - as the field is called
    """An input."""
    return Input(name, required, type, tuple(limits), "a.py", 1)


def test_it_reads_bodies_parameters_headers_and_what_is_inherited():
    """By the rules of FastAPI: one body is the body, two are embedded, models within are followed."""
    contract = contract_of(parsed(FILES, FILES.__getitem__))
    assert {route: [name for name, one in inputs.items() if one.required] for route, inputs in contract.items()} == {
        "POST /v1/visits": [
            "header.x-tenant", "body", "body.kind", "body.doctor", "body.doctor.name", "body.doctor.licenceNo", "body.people.name",
        ],
        "GET /v1/visits/{visit_id:int}": ["path.visit_id", "query.page"],
        "PUT /v1/visits/{visit_id}": [
            "path.visit_id", "body.visit", "body.visit.kind", "body.visit.doctor", "body.visit.doctor.name", "body.visit.doctor.licenceNo",
            "body.visit.people.name", "body.reason",
        ],
    }  # fmt: skip
    assert contract["POST /v1/visits"]["body.doctor"].limits == ("extra=forbid",)


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (None, one(), "is new, and must be given"),
        (one(required=False), one(), "must be given now"),
        (one(type="int"), one(), "is str now"),
        (one(type="str | None"), one(), "is str now"),
        (one(), one(limits=["max_length=5"]), "is limited by max_length=5 now"),
        (one(limits=["le=100"]), one(limits=["le=5"]), "is limited by le=5 now"),
        (one(limits=["extra=forbid"]), one(limits=["extra=forbid", "validator known 0badcafe"]), "is limited by validator known now"),
        (one(type="Literal['a', 'b']"), one(type="Literal['a']"), "is Literal['a'] now"),
        (None, one(required=False), None),
        (one(), one(required=False), None),
        (one(), one(type="str | None"), None),
        (one(), one(type="Optional[str]"), None),
        (one(type="int"), one(type="float"), None),
        (one("query.a", type="int"), one("query.a", type="str"), None),
        (one(limits=["le=5"]), one(limits=["le=100"]), None),
        (one(limits=["ge=5"]), one(), None),
        (one(type="Literal['a']"), one(type="Literal['a', 'b']"), None),
    ],
)
def test_only_what_became_stricter_is_a_drift(before, now, change):
    """What takes more than before rejects nobody."""
    was = {"body": one("body"), **({before.name: before} if before else {})}
    found = drifts(was, {"body": one("body"), now.name: now})
    assert [drift.change for drift in found] == ([change] if change else [])


def test_a_new_object_is_one_change_and_a_rename_is_said():
    """Its fields are not new by themselves."""
    was = {"body": one("body"), "body.id": one("body.id", type="int")}
    now = {"body": one("body"), "body.key": one("body.key", type="int"), "body.to": one("body.to"), "body.to.name": one("body.to.name")}
    assert [(drift.name, drift.change, drift.before) for drift in drifts(was, now)] == [
        ("body.key", "was renamed", "id"),
        ("body.to", "is new, and must be given", ""),
    ]


@pytest.fixture
def checkout(tmp_path):
    """A repository with two versions, the second with a stricter parameter in front of one without a default."""

    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    git("add", ".")
    git("commit", "-qm", "one")
    git("tag", "v1.0")
    api = tmp_path / "src/clinic/api.py"
    api.write_text(
        api.read_text()
        .replace("read(visit_id: int, page", "read(ward: str, visit_id: int, page")
        .replace(', word: str = Query("", alias="q")', "")
    )
    schemas = tmp_path / "src/clinic/schemas.py"
    schemas.write_text(schemas.read_text().replace("max_length=40", "max_length=10").replace("born: Optional[int] = None", "born: int"))
    git("commit", "-qam", "two")
    return Checkout(tmp_path)


async def test_two_versions_are_compared_and_patches_apply(checkout):
    """What is new may be left out, what was there is as it was."""
    result = await contract_changes(checkout, before="1.0")
    by_field = {(row.route, row.field): row for row in result.rows}
    assert result.status is Status.PROBLEM
    assert sorted({field for _, field in by_field}) == [
        "body.doctor.born", "body.doctor.name", "body.people.born", "body.people.name",
        "body.visit.doctor.born", "body.visit.doctor.name", "body.visit.people.born", "body.visit.people.name", "query.ward",
    ]  # fmt: skip
    patches = {}
    for field, route in (("query.ward", "GET /v1/visits/{visit_id:int}"), ("body.people.born", "POST /v1/visits")):
        row = by_field[route, field]
        fix = RelaxField(route, field, row.file, row.line, row.owner, result.facts["before"])
        patches[field] = (await fix.preview(checkout)).inverse["diff"]
    assert "read(visit_id: int, page: Annotated[int, Query(ge=1)], ward: str | None = None)" in patches["query.ward"]
    assert "+    born: Optional[int] = None" in patches["body.people.born"]


@pytest.mark.parametrize("version", ["--output=x", "v1.0..HEAD", "", "$(id)", "nosuch"])
async def test_a_version_of_a_log_is_data(checkout, version):
    """It is no option, no range and no command; what is no commit is not known."""
    assert await commit_of(checkout, version) == ""
    assert (await contract_changes(checkout, before=version)).status is Status.UNKNOWN
