"""A workspace's share of the slots of one worker."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import Priority
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from runtime.shares import LONGEST_PAUSE, ShareInterceptor, Shares, pause_after
from tests.support.stack import eventually


def test_a_share_is_taken_and_given_back() -> None:
    shares = Shares(2)
    with shares.held("a") as first, shares.held("a") as second:
        with shares.held("a") as third, shares.held("b") as other:
            assert (first, second, third, other) == (True, True, False, True)
        with shares.held("a") as still:
            assert not still, "what was refused gave nothing back"
    with shares.held("a") as again:
        assert again


def test_a_share_is_given_back_after_an_error() -> None:
    shares = Shares(1)
    with pytest.raises(ZeroDivisionError), shares.held("a"):
        raise ZeroDivisionError
    with shares.held("a") as again:
        assert again


def test_the_pause_grows_with_the_tries_as_far_as_its_longest() -> None:
    assert pause_after(1) <= timedelta(seconds=1)
    assert timedelta(seconds=2) <= pause_after(3) <= timedelta(seconds=4)
    longest = timedelta(seconds=LONGEST_PAUSE)
    assert all(longest / 2 <= pause_after(tries) <= longest for tries in (7, 50, 100_000))


class Crowd:
    """An activity that lasts until a test lets it end."""

    def __init__(self) -> None:
        self.under_way: list[str] = []
        self.most = 0
        self.is_over = False

    @activity.defn
    async def hold(self, name: str) -> None:
        self.under_way.append(name)
        self.most = max(self.most, self.under_way.count(name))
        await eventually(self._ends)
        self.under_way.remove(name)

    async def _ends(self) -> bool:
        return self.is_over


QUEUE = "test-shares"


@workflow.defn
class Holding:
    @workflow.run
    async def run(self, name: str) -> None:
        await workflow.execute_activity_method(
            Crowd.hold,
            name,
            task_queue=f"{QUEUE}-activities",
            start_to_close_timeout=timedelta(seconds=60),
        )


@pytest.fixture
async def client(temporal: str) -> Client:
    return await Client.connect(temporal)


@pytest.fixture
async def crowd(client: Client) -> AsyncIterator[Crowd]:
    crowd = Crowd()
    workflows = Worker(
        client,
        task_queue=QUEUE,
        workflows=[Holding],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    activities = Worker(
        client,
        task_queue=f"{QUEUE}-activities",
        activities=[crowd.hold],
        interceptors=[ShareInterceptor("things", 2)],
        max_concurrent_activities=4,
    )
    async with workflows, activities:
        yield crowd
        crowd.is_over = True


async def test_one_workspace_leaves_slots_to_another(client: Client, crowd: Crowd) -> None:
    def hold(name: str, number: int):  # type: ignore[no-untyped-def]
        return client.start_workflow(
            Holding.run,
            name,
            id=f"{QUEUE}/{name}/{number}",
            task_queue=QUEUE,
            priority=Priority(fairness_key=name),
        )

    async def names() -> list[str]:
        return sorted(crowd.under_way)

    greedy = [await hold("a", number) for number in range(8)]
    await eventually(names, ["a", "a"].__eq__)
    other = await hold("b", 1)
    await eventually(names, ["a", "a", "b"].__eq__)
    crowd.is_over = True
    await other.result()
    for one in greedy:
        await one.result()  # what was refused is tried again
    assert crowd.most == 2


async def test_work_of_no_workspace_has_no_share(client: Client, crowd: Crowd) -> None:
    made = [
        await client.start_workflow(Holding.run, "", id=f"{QUEUE}/none/{number}", task_queue=QUEUE)
        for number in range(3)
    ]

    async def count() -> int:
        return len(crowd.under_way)

    await eventually(count, (3).__eq__)
    crowd.is_over = True
    for one in made:
        await one.result()
