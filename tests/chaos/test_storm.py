"""The plan of a storm: the same for the same seed, and with everything in it that was asked for."""

from collections import Counter

import pytest

from chaos.deeds import Kill, Outage, Post, Trouble
from chaos.faults import DECISIVE, PASSING, PERMANENT
from chaos.storm import MIB, Storm, plan
from emulator.server import make_world


@pytest.fixture(scope="module")
def storm() -> Storm:
    return plan(seed=7, assignments=200, kills=100, workers=2)


def test_the_same_seed_makes_the_same_storm(storm: Storm) -> None:
    again = plan(seed=7, assignments=200, kills=100, workers=2)
    assert (again, again.digest) == (storm, storm.digest)


def test_another_seed_makes_another_storm(storm: Storm) -> None:
    other = plan(seed=8, assignments=200, kills=100, workers=2)
    assert other.steps != storm.steps
    assert other.digest != storm.digest


def test_as_much_is_killed_as_was_asked_for_and_mostly_workers(storm: Storm) -> None:
    killed = Counter(step.deed.program for step in storm.steps if isinstance(step.deed, Kill))
    assert killed.total() == 100
    assert killed.keys() == {"worker-1", "worker-2", "api", "temporal"}
    assert killed["worker-1"] + killed["worker-2"] > 50


def test_every_order_is_posted_once_and_is_unlike_the_others(storm: Storm) -> None:
    orders = storm.orders
    assert len(orders) == 200
    for distinct in ([o.title for o in orders], [o.key for o in orders], [o.size for o in orders]):
        assert len(set(distinct)) == 200
    routes = Counter((order.platform, order.type) for order in orders)
    assert routes == {
        ("youtube", "video"): 100,
        ("facebook", "video"): 50,
        ("facebook", "reel"): 50,
    }
    assert min(order.size for order in orders) >= 2 * MIB


def test_orders_and_kills_lie_in_the_same_time(storm: Storm) -> None:
    moments: dict[type, list[float]] = {Post: [], Kill: [], Outage: [], Trouble: []}
    now = 0.0
    for step in storm.steps:
        assert step.wait >= 0
        now += step.wait
        moments[type(step.deed)].append(now)
    assert now == storm.seconds
    for kind, at in moments.items():
        assert at[0] < 0.2 * now, kind
        assert at[-1] > 0.5 * now, kind


def test_every_fault_comes_up_the_decisive_ones_often_and_few_are_permanent(storm: Storm) -> None:
    faults = [step.deed.fault for step in storm.steps if isinstance(step.deed, Trouble)]
    permanent = [fault for fault in faults if fault in PERMANENT]
    assert len(permanent) == 5
    decisive = [fault for fault in faults if fault in DECISIVE]
    assert len(decisive) >= 50
    passing = {repr(fault) for fault in faults if fault in PASSING}
    assert len(passing) >= min(100, len(PASSING))


def test_the_emulator_knows_every_fault() -> None:
    world = make_world()
    for fault in [*PASSING, *DECISIVE, *PERMANENT]:
        world.order_fault(fault)
