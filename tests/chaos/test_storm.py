"""The plan of a storm: the same for the same seed, and with everything in it that was asked for."""

from collections import Counter, defaultdict

import pytest

from chaos.deeds import (
    FillDisk,
    Kill,
    LoseTemporal,
    Outage,
    Post,
    RemoveApp,
    Restore,
    RestoreBy,
    Snapshot,
    StopWorkers,
    TerminateWorkflow,
    Trouble,
    describe_fault,
)
from chaos.faults import DECISIVE, PASSING, PERMANENT
from chaos.storm import MIB, Scenario, Storm, plan
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
    moments: dict[type, list[float]] = defaultdict(list)
    now = 0.0
    for step in storm.steps:
        assert step.wait >= 0
        now += step.wait
        moments[type(step.deed)].append(now)
    assert now == storm.seconds
    for kind in (Post, Kill, Outage, Trouble, TerminateWorkflow):
        at = moments[kind]
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


ONCE = (FillDisk, LoseTemporal, StopWorkers)


def kinds(storm: Storm) -> Counter[type]:
    return Counter(type(step.deed) for step in storm.steps)


def test_a_storm_terminates_workflows_and_has_every_other_fault_of_operators_once(
    storm: Storm,
) -> None:
    counted = kinds(storm)
    assert counted[TerminateWorkflow] == 50
    assert [counted[kind] for kind in ONCE] == [1, 1, 1]
    assert counted[RemoveApp] == 4
    assert counted.keys().isdisjoint({Snapshot, Restore})


def test_a_small_storm_has_them_too() -> None:
    counted = kinds(plan(seed=1, assignments=10, kills=2, workers=1))
    assert [counted[kind] for kind in ONCE] == [1, 1, 1]
    assert counted[TerminateWorkflow] == 4


def test_temporal_is_lost_in_the_middle(storm: Storm) -> None:
    now = 0.0
    for step in storm.steps:
        now += step.wait
        if isinstance(step.deed, LoseTemporal):
            assert 0.35 * storm.seconds < now < 0.65 * storm.seconds


def restore_plan(seed: int) -> Storm:
    return plan(seed=seed, assignments=20, kills=8, workers=2, scenario=Scenario.RESTORE)


@pytest.mark.parametrize("seed", range(5))
def test_a_restore_comes_after_its_snapshot_with_posts_before_and_between(seed: int) -> None:
    deeds = [step.deed for step in restore_plan(seed).steps]
    (snapshot,) = (deed for deed in deeds if isinstance(deed, Snapshot))
    (restore,) = (deed for deed in deeds if isinstance(deed, Restore))
    gap = deeds[deeds.index(snapshot) : deeds.index(restore)]
    assert snapshot.by == restore.by
    assert any(isinstance(deed, Post) for deed in gap)
    assert sum(isinstance(deed, Post) for deed in deeds[: deeds.index(snapshot)]) >= 8
    assert kinds(restore_plan(seed)).keys().isdisjoint(ONCE)


def test_seeds_choose_the_manner_of_a_restore_and_whether_temporal_survives() -> None:
    restores = {
        step.deed
        for seed in range(40)
        for step in restore_plan(seed).steps
        if isinstance(step.deed, Restore)
    }
    assert restores == {Restore(by, survives) for by in RestoreBy for survives in (True, False)}


def test_a_fault_of_an_operator_can_be_written_down() -> None:
    assert describe_fault(StopWorkers(4.5)) == {"fault": "StopWorkers", "seconds": 4.5}
