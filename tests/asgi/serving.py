"""A small application on a real server, in a process of its own, with the middleware on and its log in a file."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
APP = """
import asyncio, logging, os, threading, time
from contextlib import asynccontextmanager
import structlog
from fastapi import Depends, FastAPI
from helpers.asgi import RequestStamp, RuntimeMiddleware, http_route, request_id, stamp

handler = logging.FileHandler("app.log")
handler.addFilter(RequestStamp())
handler.setFormatter(logging.Formatter("%(message)s [%(request_id)s %(http_route)s]"))
logging.getLogger("runbook.runtime").setLevel(logging.INFO)
for name in ("runbook.runtime", "app"):
    logging.getLogger(name).addHandler(handler)
log = logging.getLogger("app")
log.setLevel(logging.INFO)

app = FastAPI()


@app.middleware("http")
async def others(request, call_next):
    return await call_next(request)

app.add_middleware(RuntimeMiddleware, interval_s=0.3, pools={"broken": lambda: 1 / 0})
gate = threading.Event()

def work(seconds):
    time.sleep(seconds)

@app.get("/ping")
async def ping():
    return {"pid": os.getpid(), "id": request_id()}

@app.get("/blocks/{seconds}")
async def blocks(seconds: float):
    work(seconds)
    return {}

@app.get("/waits/{seconds}")
async def waits(seconds: float):
    await asyncio.sleep(seconds)
    log.info("waited")
    await asyncio.to_thread(log.info, "in a thread")
    structlog.get_logger().info("by structlog")
    return {}

@app.get("/thread/{seconds}")
def thread(seconds: float):
    gate.wait(seconds)
    return {}

async def held():
    await asyncio.sleep(2)
    yield 1

@app.get("/depends")
async def depends(value: int = Depends(held)):
    return {}

@app.get("/opened")
async def opened():
    gate.set()
    return {}

@app.get("/fails")
async def fails():
    raise RuntimeError("as it should")
"""


class Served:
    """The application as it runs: where it answers, and what it logged."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.url, self.process = folder, f"http://127.0.0.1:{port}", process

    def get(self, path: str, **more):
        return httpx.get(self.url + path, timeout=30, trust_env=False, **more)

    def text(self) -> str:
        path = self.folder / "app.log"
        return path.read_text() if path.exists() else ""

    def lines(self, kind: str) -> list[dict]:
        found = [line.partition(" ")[2] for line in self.text().splitlines() if line.startswith(f"{kind} {{")]
        return [json.JSONDecoder().raw_decode(text)[0] for text in found]

    def line(self, kind: str, holds=lambda line: True) -> dict:
        """The first line of that kind for which it holds, as soon as there is one."""
        return eventually(lambda: next((line for line in self.lines(kind) if holds(line)), None))


def free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


UVICORN = ("-m", "uvicorn", "app:app", "--log-level", "error", "--port")
GUNICORN = ("-m", "gunicorn", "app:app", "--workers", "2", "--worker-class", "uvicorn_worker.UvicornWorker", "--bind")


@contextmanager
def served(folder: Path, *server: str) -> Iterator[Served]:
    """Run it until the block ends; the server is uvicorn where none is named."""
    (folder / "app.py").write_text(APP)
    port = free_port()
    command = [sys.executable, *(server or UVICORN)]
    command.insert(command.index("--bind") + 1, f"127.0.0.1:{port}") if "--bind" in command else command.append(str(port))
    path = os.pathsep.join([str(ROOT), str(folder)])
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.DEVNULL)
    found = Served(folder, port, process)
    try:
        eventually(lambda: answers(found))
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def answers(found: Served) -> bool:
    try:
        return found.get("/ping").status_code == 200
    except httpx.TransportError:
        assert found.process.poll() is None, "the server ended"
        return False
