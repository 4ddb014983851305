"""Names are looked up beside the work, and a resolver that hangs holds up nobody but who asks."""

import threading
from collections.abc import Iterator

import pytest

from tests.support.machine import eventually
from transport.names import OPERATOR, LookUps, is_literal, look_up


class Stopped(Exception):
    """What a heartbeat raises that is told to stop."""


class Resolver:
    """Answers nothing until it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go_on = threading.Event()

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        self.go_on.wait()
        return ["192.0.2.1"]


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    resolver = Resolver()
    yield resolver
    resolver.go_on.set()


def test_a_name_leads_to_its_addresses_once_each() -> None:
    found = look_up("localhost", 80, whose=OPERATOR)
    assert "127.0.0.1" in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".invalid", "a..b"])
def test_what_leads_nowhere_raises(host: str) -> None:
    with pytest.raises((OSError, ValueError)):
        look_up(host, 80, whose="wsp_1")


def test_it_beats_while_a_resolver_hangs_and_stops_when_told_to(resolver: Resolver) -> None:
    beats: list[int] = []

    def beat() -> None:
        beats.append(1)
        if len(beats) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        look_up("slow.example", 80, whose="wsp_1", beat=beat, look_ups=LookUps(find=resolver))


def test_a_resolver_that_hangs_is_left_after_a_while(resolver: Resolver) -> None:
    with pytest.raises(TimeoutError):
        look_up("slow.example", 80, whose="wsp_1", seconds=0.1, look_ups=LookUps(find=resolver))


def test_who_comes_when_no_thread_is_free_is_refused_and_a_literal_needs_none(
    resolver: Resolver,
) -> None:
    look_ups = LookUps(most=1, kept=0, find=resolver)
    first = look_ups.start("first.example", 80, whose="wsp_1")
    assert first is not None
    assert look_ups.start("second.example", 80, whose="wsp_1") is None
    with pytest.raises(TimeoutError):
        look_up("second.example", 80, whose="wsp_1", look_ups=look_ups)
    assert look_up("127.0.0.1", 80, whose="wsp_1", look_ups=look_ups) == ["127.0.0.1"]

    resolver.go_on.set()
    assert first.result() == ["192.0.2.1"]
    eventually(lambda: look_ups.start("third.example", 80, whose="wsp_1") is not None)
    assert resolver.asked == ["first.example", "third.example"]


def test_one_workspace_cannot_take_every_thread(resolver: Resolver) -> None:
    look_ups = LookUps(most=5, share=3, kept=1, find=resolver)
    greedy = [look_ups.start("slow.example", 80, whose="wsp_greedy") for _ in range(10)]
    assert sum(found is not None for found in greedy) == 3
    assert look_ups.start("other.example", 80, whose="wsp_other") is not None
    assert look_ups.start("other.example", 80, whose="wsp_third") is None, "one is the operator's"
    assert look_ups.start("platform.example", 80, whose=OPERATOR) is not None
    assert look_ups.start("platform.example", 80, whose=OPERATOR) is None, "there are five"

    resolver.go_on.set()
    eventually(lambda: look_ups.start("slow.example", 80, whose="wsp_greedy") is not None)


def test_who_cancels_leaves_the_look_up_to_its_thread(resolver: Resolver) -> None:
    found = LookUps(find=resolver).start("slow.example", 80, whose="wsp_1")
    assert found is not None
    assert not found.cancel()
    resolver.go_on.set()
    assert found.result() == ["192.0.2.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%1", "2130706433", "0x7f.1"])
def test_a_number_is_an_address_however_it_is_written(host: str) -> None:
    assert is_literal(host)


@pytest.mark.parametrize("host", ["localhost", "1.2.3.4.5", "", "a b", "[::1]"])
def test_everything_else_is_a_name(host: str) -> None:
    assert not is_literal(host)
