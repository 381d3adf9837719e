"""A cluster of three nodes: one session asks one node, the nodes are told apart; and a TLS port."""

import asyncio

import pytest
import redis.asyncio

from helpers.errors import BadAnswer, TimedOut, Unreachable
from helpers.redis.checks.cluster_nodes import ClusterNode, cluster_nodes, judge
from helpers.redis.checks.keys_by_prefix import keys_by_prefix
from helpers.redis.cluster import parse_nodes
from helpers.redis.connect import open_session
from helpers.results import Status
from tests.redis.nodes import PASSWORD, address, cluster, tls_port


@pytest.fixture
async def nodes(tmp_path):
    async with cluster(tmp_path) as ports:
        yield ports


async def test_every_node_is_asked(nodes):
    """Its keys, its memory; the node that is full is named; a node that is killed is told, and the others go on."""
    client = redis.asyncio.RedisCluster("127.0.0.1", nodes[0], password=PASSWORD)
    for number in range(300):
        await client.set(f"page:{number}", "x" * 100, ex=600)
    session = await open_session(address(nodes[1]), application_name="runbook:test")
    found = await cluster_nodes(session)
    assert (found.status, sum(r.keys for r in found), sum(r.slots for r in found)) == (Status.OK, 300, 16384), found.summary
    local = await keys_by_prefix(session)
    assert local.rows[0].keys == next(r.keys for r in found if r.address.endswith(str(nodes[1])))
    assert "this node only" in await session.ping()

    full = redis.asyncio.Redis(port=nodes[2], password=PASSWORD)
    await full.config_set("maxmemory", int((await full.info("memory"))["used_memory"] * 1.02))
    found = await cluster_nodes(session)
    assert (found.status, f"127.0.0.1:{nodes[2]} is 9" in found.summary) == (Status.PROBLEM, True), found.summary
    await full.shutdown(nosave=True)
    found = await cluster_nodes(session)
    lost = next(r for r in found if r.address.endswith(str(nodes[2])))
    assert (found.status, bool(lost.problem), lost.keys) in [(Status.UNKNOWN, True, None), (Status.PROBLEM, True, None)]
    await asyncio.gather(client.aclose(), full.aclose())
    await session.close()


async def test_a_key_of_another_node_is_no_answer(nodes):
    """MOVED is told as what it is."""
    session = await open_session(address(nodes[0]), application_name="runbook:test")
    replies = await session.ask_many([("STRLEN", f"key:{n}") for n in range(30)])
    assert {r.code for r in replies if isinstance(r, BadAnswer)} == {"MOVED"}
    assert (await session.identity()).startswith(f"127.0.0.1:{nodes[0]}/0 ")
    await session.close()


async def test_a_server_alone_is_no_cluster(session):
    """Skipped, not OK."""
    found = await cluster_nodes(session)
    assert (found.status, "no cluster" in found.reason) == (Status.SKIPPED, True)


def row(address, slots=5461, **given):
    values = {"keys": 1, "used_memory_bytes": 10_000_000, "maxmemory_pct": 40.0, "ops_per_s": 500.0, "connected_clients": 3, "problem": ""}
    return ClusterNode(address, given.pop("role", "primary"), slots, **{**values, **given})


@pytest.mark.parametrize(
    ("third", "status", "said"),
    [
        ({"slots": 5462}, Status.OK, "no"),
        ({"slots": 5000}, Status.PROBLEM, "462 of 16384 slots"),
        ({"slots": 5462, "maxmemory_pct": 97.0}, Status.PROBLEM, "c is 97 % full"),
        ({"slots": 5462, "ops_per_s": 5000.0}, Status.PROBLEM, "c has 10.0 times the operations"),
        ({"slots": 5462, "used_memory_bytes": 900_000_000}, Status.PROBLEM, "c has 90.0 times the memory"),
        ({"slots": 5462, "used_memory_bytes": 50_000_000}, Status.OK, "no"),
        ({"slots": 5462, "problem": "failed"}, Status.PROBLEM, "c (primary) failed"),
        ({"slots": 5462, "problem": "may have failed"}, Status.PROBLEM, "c (primary) may have failed"),
        ({"slots": 5462, "problem": "refused", "ops_per_s": None, "used_memory_bytes": None}, Status.UNKNOWN, "could not be asked"),
    ],
    ids=["even", "uncovered", "full", "hot", "heavy", "light", "failed", "suspected", "blind"],
)
def test_what_the_nodes_add_up_to(third, status, said):
    """Slots, failures, memory, load."""
    found = judge([row("a"), row("b"), row("c", **third)])
    assert (found.status, said in found.summary + found.reason) == (status, True), found


def test_the_nodes_are_read_whole():
    """IPv6, hostnames, replicas, migrating slots, single slots, failing ones; other lines are left out."""
    text = """\
07c3 127.0.0.1:30004@31004,host-1 slave e7d1 0 1426238317239 4 connected
67ed ::1:30002@31002 master,fail? - 0 1426238316232 2 disconnected 5461-10922 12000 [93->-292f]
e7d1 10.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460

garbage
"""
    found = [(n.address, n.role, n.primary_id, n.slots, n.failing, n.linked, n.asked) for n in parse_nodes(text)]
    assert found == [
        ("127.0.0.1:30004", "replica", "e7d1", 0, "", True, False), ("::1:30002", "primary", "", 5463, "fail?", False, False),
        ("10.0.0.1:30001", "primary", "", 5461, "", True, True),
    ]  # fmt: skip


async def test_a_tls_port_is_asked(own_redis, tmp_path):
    """With the authority's certificate; without it the certificate is refused, and a plain port is said to be none."""
    password, place = own_redis.redis_url.rpartition("@")[0], own_redis.redis_url.rpartition("@")[2]
    plain = int(place.partition(":")[2].partition("/")[0])
    async with tls_port(tmp_path, plain) as (port, certificate):
        url = f"{password.replace('redis://', 'rediss://')}@localhost:{port}/0"
        session = await open_session(f"{url}?ssl_ca_certs={certificate}", application_name="runbook:test")
        assert (await session.ask("PING"), (await keys_by_prefix(session)).status) == (b"PONG", Status.OK)
        await session.close()
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            await open_session(url, application_name="x")
    with pytest.raises(TimedOut, match="does not speak TLS"):
        await open_session(url.replace(str(port), str(plain)), application_name="x")
