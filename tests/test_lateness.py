"""What this process was late by itself is told apart from waiting."""

import asyncio
import time

from helpers.lateness import Lateness


async def test_a_loop_that_stands_still_is_noticed_to_the_extent_it_did():
    """By whoever runs first after it, before the watch had its turn."""
    async with Lateness() as late:
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        time.sleep(0.2)
        ended = time.perf_counter()
        assert 0.18 < late.within(began, ended) < ended - began + 0.0001
        assert late.within(began, began + 0.1) < 0.1001
        await asyncio.sleep(0.05)
        assert 0.18 < late.within(began, ended) < ended - began + 0.0001


async def test_waiting_is_not_being_late():
    """An answer that takes long is the other side's."""
    async with Lateness() as late:
        began = time.perf_counter()
        await asyncio.sleep(0.3)
        assert late.within(began, time.perf_counter()) < 0.15


async def test_its_watch_ends_with_it():
    """Nothing is left in the loop."""
    async with Lateness():
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1
