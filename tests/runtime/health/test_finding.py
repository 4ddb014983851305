"""Checks that many ask for at once are run once."""

import asyncio

from runtime.health.finding import SharedLook, State, failed, ok, skipped, warning, worst_of


async def test_a_flood_of_questions_costs_one_look() -> None:
    looks, go_on, shared = 0, asyncio.Event(), SharedLook()

    async def look() -> int:
        nonlocal looks
        looks += 1
        await go_on.wait()
        return looks

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(shared.join(look)) for _ in range(50)]
        left = group.create_task(shared.join(look))
        await asyncio.sleep(0)
        left.cancel()  # one that leaves takes the answer from nobody
        await asyncio.sleep(0)
        go_on.set()
    assert {one.result() for one in asked} == {1}
    assert await shared.join(look) == 2


def test_the_worst_state_counts_and_a_skipped_check_does_not() -> None:
    well, unseen = ok("a", "b"), skipped("a", "b")
    odd, broken = warning("a", "b", "c"), failed("a", "b", "c")
    assert worst_of([well, unseen]) is State.OK
    assert worst_of([well, odd, unseen]) is State.WARNING
    assert worst_of([odd, broken, well]) is State.FAILED
