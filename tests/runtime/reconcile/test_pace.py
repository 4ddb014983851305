"""Many are put right at a bounded rate, and a sweep stops after so many."""

import time

from runtime.reconcile.pace import PER_SECOND, Repairs


async def test_no_more_than_so_many_are_begun_in_a_second() -> None:
    began = time.monotonic()
    repaired: list[int] = []

    async def repair(one: int) -> None:
        repaired.append(one)

    assert await Repairs().paced(range(PER_SECOND + 1), repair, most=1000) == PER_SECOND + 1
    assert time.monotonic() - began >= 1.0
    assert sorted(repaired) == list(range(PER_SECOND + 1))


async def test_a_sweep_that_has_done_its_part_leaves_the_rest_to_the_next() -> None:
    async def repair(_: int) -> None: ...

    assert await Repairs().paced(range(10 * PER_SECOND), repair, most=PER_SECOND) == PER_SECOND


async def test_what_fails_costs_neither_time_nor_the_part_of_the_others() -> None:
    async def repair(one: int) -> None:
        if one < 20 * PER_SECOND:
            raise ValueError

    repairs = Repairs()
    began = time.monotonic()
    assert await repairs.paced(range(20 * PER_SECOND + 3), repair, most=1) == 3
    assert time.monotonic() - began < 20
    assert len(repairs.failures) == 20 * PER_SECOND


async def test_what_needed_nothing_is_not_counted() -> None:
    async def repair(one: int) -> bool:
        return one % 2 == 0

    assert await Repairs().each(range(10), repair) == 5
