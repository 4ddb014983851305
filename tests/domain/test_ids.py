"""Ids are UUIDs: random for a ticket, and in the order of their making for all else."""

import time
from collections.abc import Callable
from uuid import RFC_4122, UUID

import pytest

from domain import ids

MAKERS = [
    make
    for name, make in vars(ids).items()
    if name.startswith("new_") and make is not ids.new_ticket_id
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_an_id_is_a_uuid_that_begins_with_the_moment_it_was_made(make: Callable[[], str]) -> None:
    before = time.time_ns() // 1_000_000
    id = UUID(make())
    after = time.time_ns() // 1_000_000
    assert (id.version, id.variant) == (7, RFC_4122)
    assert before <= id.int >> 80 <= after


def test_a_tickets_id_says_nothing_about_the_moment() -> None:
    first, second = UUID(ids.new_ticket_id()), UUID(ids.new_ticket_id())
    assert (first.version, first.variant) == (4, RFC_4122)
    assert first.int >> 80 != second.int >> 80


def test_ids_of_one_moment_differ() -> None:
    assert len({ids.new_event_id() for _ in range(10_000)}) == 10_000


def test_an_id_is_written_in_one_way() -> None:
    id = ids.new_video_id()
    assert ids.is_id(id)
    for text in (id.upper(), f"{id}\n", f" {id}", id.replace("-", ""), f"{{{id}}}", ""):
        assert not ids.is_id(text)
