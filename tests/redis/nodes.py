"""A Redis Cluster of three primaries, and a TLS port: started for one test, gone after it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio

from helpers.sandbox.binaries import redis_server

PASSWORD = "p@ss word"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody has now."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [s.getsockname()[1] for s in taken]


@contextlib.asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[list[int]]:
    """Three nodes that serve all slots; yields their ports."""
    *ports, first, second, third = free_ports(6)
    buses = dict(zip(ports, (first, second, third), strict=True))
    started = []
    try:
        for port in ports:
            home = folder / str(port)
            home.mkdir()
            lines = ["bind 127.0.0.1", f"port {port}", f'dir "{home}"', "cluster-enabled yes", 'save ""', f'requirepass "{PASSWORD}"']
            lines += [f"cluster-port {buses[port]}", f'masterauth "{PASSWORD}"', "maxmemory 64mb"]
            (home / "redis.conf").write_text("\n".join(lines))
            with (home / "log").open("w") as log:
                started.append(subprocess.Popen([str(redis_server()), str(home / "redis.conf")], stdout=log, stderr=log))
        await _join(ports, buses)
        yield ports
    finally:
        for process in started:
            process.kill()
            process.wait()


async def _join(ports: list[int], buses: dict[int, int]) -> None:
    clients = [redis.asyncio.Redis(port=port, password=PASSWORD) for port in ports]
    async with asyncio.timeout(60), contextlib.AsyncExitStack() as stack:
        for client in clients:
            await stack.enter_async_context(client)
        for client in clients:
            while True:
                with contextlib.suppress(redis.exceptions.ConnectionError):
                    if await client.ping():
                        break
                await asyncio.sleep(0.05)
        for number, client in enumerate(clients):
            await client.execute_command("CLUSTER ADDSLOTSRANGE", number * 5461, 16383 if number == 2 else number * 5461 + 5460)
            await client.execute_command("CLUSTER MEET", "127.0.0.1", ports[0], buses[ports[0]])
        for client in clients:
            while "cluster_state:ok" not in (said := str(await client.execute_command("CLUSTER INFO"))) and "'ok'" not in said:
                await asyncio.sleep(0.05)


def address(port: int) -> str:
    return f"redis://:p%40ss%20word@127.0.0.1:{port}/0"


@contextlib.asynccontextmanager
async def tls_port(folder: Path, port: int) -> AsyncIterator[tuple[int, Path]]:
    """Listen with TLS in front of a Redis, as managed services do; yields the port and the authority's certificate."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed: no certificate can be made")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2"]
    subprocess.run(
        [*command, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_redis, from_redis = (streams := await asyncio.open_connection("127.0.0.1", port))[1], streams[0]
        await asyncio.gather(pump(reader, to_redis), pump(from_redis, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1], certificate
