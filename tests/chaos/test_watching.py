"""How long a session stood still after a kill, as the emulator's state tells it."""

from chaos.watching import Moves, interruptions, recoveries


def moved(*moments: float) -> Moves:
    return Moves(moments=list(moments))


def test_a_recovery_lasts_from_the_kill_to_the_next_move() -> None:
    assert recoveries(moved(1.0, 2.0, 33.0, 34.0), [2.5]) == [30.5]


def test_of_several_kills_the_first_counts() -> None:
    assert recoveries(moved(1.0, 61.0), [2.0, 20.0, 40.0, 70.0]) == [59.0]


def test_a_kill_just_before_the_last_move_was_seen_counts() -> None:
    assert recoveries(moved(2.0, 32.0), [1.9]) == [30.1]


def test_who_goes_on_at_once_had_not_to_recover() -> None:
    assert recoveries(moved(1.0, 2.0, 3.0), [2.5]) == []


def test_who_stood_still_without_a_kill_waited_for_something_else() -> None:
    assert recoveries(moved(1.0, 50.0), [60.0]) == []


def test_a_move_is_more_bytes() -> None:
    session = Moves()
    for moment, received in enumerate([0, 5, 5, 7], 1):
        session.note({"received": received, "state": "open"}, float(moment))
    assert session.moments == [1.0, 2.0, 4.0]


def test_what_troubled_a_session_lies_between_its_first_move_and_its_last() -> None:
    assert interruptions(moved(10.0, 20.0), [9.0, 9.9, 15.0, 20.0, 21.0]) == 3
    assert interruptions(Moves(), [1.0]) == 0
