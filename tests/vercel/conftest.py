"""The imitated platform on a port of its own."""

import asyncio
import contextlib

import pytest
import pytest_asyncio
import uvicorn
from starlette.applications import Starlette

from helpers.sandbox.edge.platform_api import PREFIX, platform_api
from helpers.sandbox.edge.platform_state import PlatformState
from helpers.sandbox.services.base import free_port
from helpers.settings import Profile
from helpers.vercel.connect import open_session


@pytest.fixture
def state(tmp_path):
    """What the platform keeps."""
    return PlatformState(tmp_path / "platform.json")


@pytest_asyncio.fixture
async def served(state):
    """The address of its REST API."""
    port = free_port()
    application = Starlette(routes=[platform_api(state.file)])
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, log_level="warning"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}{PREFIX}"
    server.should_exit = True
    await task


@pytest.fixture
def opened(state, served):
    """A session with its project; `opened(token=…)` with another token, project or team."""

    @contextlib.asynccontextmanager
    async def _opened(*, token: str = "", project: str = "shop-web", team: str = "", api: str = ""):
        vercel = {"project": project, "token": token or state.token, "team": team, "api": api or served}
        session = await open_session(Profile(name="test", vercel=vercel), application_name="test")
        try:
            yield session
        finally:
            await session.close()

    return _opened
