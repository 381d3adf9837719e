"""Who walks what next."""

from helpers.runner.catalogue import find_runbooks
from helpers.triage.queues import MOST, Queues

INFOS = [info for info in find_runbooks().values() if info.area in ("api", "redis")]


def test_a_lane_helps_where_most_is_left_up_to_the_bound():
    """Its own area first, in order."""
    queues = Queues(INFOS)
    own = [info for info in INFOS if info.area == "redis"]
    taken = [queues.take("redis") for _ in own[:MOST]]
    assert taken == own[:MOST]
    assert [queues.take("redis").area for _ in range(MOST)] == ["api"] * MOST
    assert queues.take("redis") is None
    queues.done(taken[0])
    assert queues.take("api") == own[MOST]


def test_what_has_more_to_try_comes_after_all_others_of_its_area():
    """It does not count as walked meanwhile."""
    queues = Queues([info for info in INFOS if info.area == "redis"])
    first, second = queues.take("redis"), queues.take("redis")
    queues.again(first)
    order = [second]
    while (info := queues.take("redis")) is not None:
        order.append(info)
        queues.done(info)
    assert (order[-1], order.count(first), len(order)) == (first, 1, len([i for i in INFOS if i.area == "redis"]))


def test_when_nothing_waits_the_lane_ends():
    """Every runbook was taken once."""
    queues, taken = Queues(INFOS), []
    while (info := queues.take("api")) is not None:
        taken.append(info)
        queues.done(info)
    assert (sorted(i.name for i in taken), queues.areas) == (sorted(i.name for i in INFOS), ["api", "redis"])
