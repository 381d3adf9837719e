"""What guards a route, in code nobody here has seen, and the patches that guard it and close the documentation."""

import subprocess

import pytest

from helpers.errors import FixFailed
from helpers.git.checks.guards import guards
from helpers.git.connect import Checkout
from helpers.git.fixes.add_guard import AddGuard
from helpers.git.fixes.close_documentation import CloseDocumentation
from helpers.results import Status

FILES = {
    "clinic/auth.py": '''
from typing import Annotated
from fastapi import Depends, HTTPException, status
from fastapi.security import HTTPBearer

bearer = HTTPBearer()

def _deny():
    raise HTTPException(status.HTTP_403_FORBIDDEN)

async def doctor(token: Annotated[str, Depends(bearer)]):
    return token

async def nurse(name: str = ""):
    if not name:
        _deny()

async def limit(name: str = ""):
    if name:
        raise HTTPException(429)
''',
    "clinic/api.py": '''
"""Visits."""
from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from clinic.auth import bearer, doctor, limit, nurse

router = APIRouter(prefix="/visits", dependencies=[Depends(limit)])

@router.get("")
async def visits(who=Depends(doctor)): ...

@router.get("/{visit_id}")
async def visit(visit_id: int, who: str = Depends(doctor)): ...

@router.get("/{visit_id}/notes", dependencies=[Depends(limit)])
async def notes(visit_id: int): ...

@router.get(
    "/{visit_id}/bill",
)
async def bill(visit_id: int): ...

@router.delete("/{visit_id}")
async def drop(visit_id: int, token: str = Depends(bearer)): ...

wards = APIRouter(prefix="/wards")

@wards.get("")
async def list_wards(who: str = Depends(nurse)): ...

@wards.post("")
def add_ward(): ...

app = FastAPI(title="clinic", docs_url="/manual")
app.include_router(router)
app.include_router(wards)

@app.get("/health")
def health(): ...
''',
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path):
    """A repository with one commit."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    for arguments in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)
    return Checkout(tmp_path)


async def test_guards_are_dependencies_that_refuse_and_security_schemes(checkout):
    """A rate limit is none; a function that calls what refuses is one."""
    result = await guards(checkout)
    assert result.status is Status.PROBLEM
    assert {row.route: row.guards for row in result.rows} == {
        "GET /visits/{visit_id}": ["clinic.auth.doctor"],
        "DELETE /visits/{visit_id}": ["clinic.auth.bearer"],
        "GET /visits/{visit_id}/notes": [],
        "GET /visits/{visit_id}/bill": [],
        "GET /wards": ["clinic.auth.nurse"],
        "POST /wards": [],
        "GET /health": [],
        "GET /visits": ["clinic.auth.doctor"],
    }
    assert result.facts["bare"][:1] == ["GET /visits/{visit_id}/bill"]


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        ("notes", '@router.get("/{visit_id}/notes", dependencies=[Depends(doctor), Depends(limit)])'),
        ("bill", '    "/{visit_id}/bill",\n+    dependencies=[Depends(doctor)],'),
    ],
)
async def test_the_patch_guards_the_route(checkout, function, wanted):
    """It applies, and imports nothing twice."""
    fix = AddGuard(f"GET /visits/{{visit_id}}/{function}", "clinic/api.py", function, "clinic.auth.doctor")
    diff = (await fix.preview(checkout)).inverse["diff"]
    assert (wanted in diff, "+from" in diff) == (True, False), diff


async def test_what_cannot_be_guarded_safely_is_refused(checkout):
    """Whose data it is, a handler that is not there."""
    for fix in (AddGuard("GET /a", tenant=True), AddGuard("GET /a", "clinic/api.py", "nobody", "clinic.auth.doctor"), AddGuard("GET /a")):
        with pytest.raises(FixFailed) as refused:
            await fix.made(checkout)
        assert refused.value.remedy


async def test_documentation_is_closed_where_the_application_is_made(checkout):
    """Its own address for it is taken away as well."""
    diff = (await CloseDocumentation().preview(checkout)).inverse["diff"]
    assert '+app = FastAPI(title="clinic", docs_url=None, redoc_url=None, openapi_url=None)' in diff
