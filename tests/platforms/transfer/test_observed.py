"""What whoever watches the engine hears, and what is hashed of what leaves."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from domain.evidence import Sent, Told
from domain.secrets import Secret
from platforms.transfer import engine
from platforms.transfer.exchange import Exchange, answered
from platforms.transfer.machine import Answer, Request
from tests.platforms.transfer.conftest import CHUNK, KIB, SIZE, Ride
from tests.support.uploads import MiniUpload, Step, UploadServer, answer

Mini = Callable[[UploadServer], MiniUpload]


def hashed(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_every_request_is_told_with_what_it_came_to(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.extend([Step(), Step(), Step(), Step(lose_answer=True)])
    ride.run(mini(server))
    assert [(one.sent, one.told, one.confirmed) for one in ride.seen] == [
        (Sent.QUESTION, Told.HELD, 0),
        (Sent.BYTES, Told.HELD, CHUNK),
        (Sent.BYTES, Told.HELD, 2 * CHUNK),
        (Sent.FINISH, Told.NOTHING, 2 * CHUNK),
        (Sent.QUESTION, Told.FINISHED, 2 * CHUNK),
    ]
    assert ride.digest.sha256 == hashed(path)


def test_an_error_is_told_before_it_ends_the_run(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    server.steps.extend([Step(), Step(answer=answer("401 Unauthorized"))])
    with pytest.raises(ReauthorizationNeeded) as raised:
        ride.run(mini(server))
    assert ride.seen[-1] == Exchange(Sent.BYTES, Told.ERROR, 0, 401, raised.value.code)


def test_a_question_tells_what_it_came_to(server: UploadServer, ride: Ride, mini: Mini) -> None:
    server.steps.extend([Step(lose_answer=True), Step(answer=answer("503 Busy"))])
    seen: list[Exchange] = []
    asked = engine.ask(
        mini(server), on_progress=lambda _: None, pause=ride.pauses.append, observe=seen.append
    )
    assert asked is None
    assert [one.told for one in seen] == [Told.NOTHING, Told.ERROR, Told.HELD]


def test_what_was_kept_in_part_is_hashed_once(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.extend([Step(), Step(cut_after=300 * KIB), Step(), Step(keep=256 * KIB)])
    ride.run(mini(server))
    assert ride.digest.sha256 == hashed(path)


def test_an_error_of_the_platform_is_not_taken_for_silence(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    server.steps.extend([Step(answer=answer("503 Busy"))] * 20)
    with pytest.raises(PlatformUnavailable):
        ride.run(mini(server))
    assert {one.told for one in ride.seen} == {Told.ERROR}
    assert {one.status for one in ride.seen} == {503}


@pytest.mark.parametrize(
    ("length", "confirmed", "told"),
    [(0, SIZE, Told.UNCLEAR), (CHUNK, SIZE, Told.UNCLEAR), (CHUNK, SIZE - 1, Told.HELD)],
)
def test_what_answers_a_finish_without_a_video_is_held_only_where_something_is_missing(
    length: int, confirmed: int, told: Told
) -> None:
    offset = SIZE - length if length else 0
    request = Request("PUT", Secret("u"), {}, offset=offset, length=length, finishes=True)
    assert answered(request, Answer(200, {}, b""), None, confirmed).told is told
