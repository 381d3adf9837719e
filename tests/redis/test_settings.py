"""set_maxmemory and set_maxmemory_policy: change it, dry changes nothing, no-op, undo, refuse."""

import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.redis.fixes.set_maxmemory import SetMaxmemory
from helpers.redis.fixes.set_maxmemory_policy import SetMaxmemoryPolicy

FIXES = [(SetMaxmemory(200 << 20), "maxmemory", str(200 << 20)), (SetMaxmemoryPolicy("allkeys-lru"), "maxmemory-policy", "allkeys-lru")]


@pytest.mark.parametrize(("fix", "name", "value"), FIXES, ids=lambda x: str(x)[:12])
async def test_it_is_changed_read_back_and_undone(admin, session, writer, fix, name, value):
    """The preview changes nothing; the undo may come twice."""
    before = (await admin.config_get(name))[name]
    preview = await fix.preview(session)
    dry = (await admin.config_get(name))[name]
    await fix.apply(writer, preview)
    said = await fix.read_back(session)
    again = await fix.preview(session)
    for _ in range(2):
        await fix.undo(writer, preview.inverse)
    assert (dry, said, again.needed, (await admin.config_get(name))[name]) == (before, f"{name} is {value}.", False, before)


@pytest.mark.parametrize(("fix", "name", "value"), FIXES, ids=lambda x: str(x)[:12])
async def test_what_somebody_else_set_meanwhile_is_left_alone(admin, session, writer, fix, name, value):
    """Neither the change nor the undo writes over it."""
    preview = await fix.preview(session)
    other = {"maxmemory": str(150 << 20), "maxmemory-policy": "volatile-ttl"}[name]
    await admin.config_set(name, other)
    with pytest.raises(FixFailed):
        await fix.apply(writer, preview)
    with pytest.raises(FixFailed):
        await fix.undo(writer, preview.inverse)
    assert (await admin.config_get(name))[name] == other


@pytest.mark.parametrize("bad", [SetMaxmemory(5), SetMaxmemoryPolicy("allkeys"), SetMaxmemoryPolicy("noeviction\r\nFLUSHALL")])
async def test_impossible_values_are_refused(session, bad):
    """With what is known."""
    with pytest.raises(ParameterError):
        await bad.preview(session)


async def test_a_limit_the_machine_does_not_have_is_refused(session):
    """Beyond four fifths of its memory."""
    total = (await session.info("memory"))["total_system_memory"]
    with pytest.raises(FixFailed, match="The machine has"):
        await SetMaxmemory(total).preview(session)
