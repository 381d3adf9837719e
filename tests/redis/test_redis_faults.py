"""Every Redis fault puts everything back, beside keys of the application that have nothing to do with it."""

import pytest

from helpers.sandbox.faults import faults
from tests.runbooks.redis.state import contents

VARIANTS = [(f["name"], variant) for f in faults() if f["area"] == "redis" for variant in f["variants"]]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
async def test_a_heal_restores_keys_and_settings(own_redis, admin, name, variant):
    """Byte by byte; and it works a second time."""
    await admin.mset({"flag:a": 1, "session:QvoZwgN8BQHeaDeSHzOtUg": 2, "customer:7": 3})
    before = await contents(own_redis.redis_url)
    for _ in range(2):
        async with own_redis.fault(name, variant=variant) as fault:
            assert fault.subject or not fault.code
    assert await contents(own_redis.redis_url) == before
