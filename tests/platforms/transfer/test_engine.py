import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import PlatformUnavailable, ReauthorizationNeeded, SourceUnusable
from platforms.transfer import engine
from tests.platforms.transfer.conftest import CHUNK, KIB, SIZE, Ride
from tests.support.uploads import MiniUpload, Step, UploadServer, answer

Mini = Callable[[UploadServer], MiniUpload]


def test_all_bytes_arrive_over_one_connection(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    assert ride.run(mini(server)).platform_id == "made"
    assert server.stored == path.read_bytes()
    assert server.connections == 1
    assert ride.intents == [2 * CHUNK]


def test_a_connection_cut_in_mid_chunk_is_resumed_at_the_platforms_offset(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.extend([Step(), Step(cut_after=300 * KIB)])
    upload = mini(server)
    ride.run(upload)
    assert server.stored == path.read_bytes()
    assert [request.offset for request in upload.requests[:4]] == [0, 0, 0, 300 * KIB]
    assert upload.requests[2].length == 0, "after a loss the machine asks"


def test_a_platform_that_kept_less_gets_the_rest_again(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.extend([Step(), Step(keep=256 * KIB), Step(keep=1)])
    ride.run(mini(server))
    assert server.stored == path.read_bytes()
    assert ride.pauses == []


def test_a_lost_final_answer_is_read_back(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.extend([Step(), Step(), Step(), Step(lose_answer=True)])
    assert ride.run(mini(server)).platform_id == "made"
    assert server.stored == path.read_bytes()
    assert (server.chunks, len(ride.intents)) == (3, 1)


def test_a_refusal_in_mid_body_is_seen_as_the_answer_it_is(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    server.steps.extend([Step(), Step(answer=answer("401 Unauthorized"), early=True)])
    with pytest.raises(ReauthorizationNeeded):
        ride.run(mini(server))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("kind", ["server", "tls_server"])
def test_a_refusal_whose_connection_is_reset_in_mid_body_is_asked_for(
    kind: str, request: pytest.FixtureRequest, ride: Ride, mini: Mini
) -> None:
    server: UploadServer = request.getfixturevalue(kind)
    # libcurl may lose an answer that a reset follows. The platform has more of the kind.
    refusal = answer("401 Unauthorized")
    server.steps.extend([Step(), Step(answer=refusal, early=True), Step(answer=refusal)])
    with pytest.raises(ReauthorizationNeeded):
        ride.run(mini(server))


def test_a_source_that_changes_under_way_is_never_completed(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    def overwrite() -> None:
        with path.open("r+b") as file:
            file.write(b"another beginning")

    ride.before_finish = overwrite
    with pytest.raises(SourceUnusable) as raised:
        ride.run(mini(server))
    assert raised.value.code == "source_changed"
    assert len(server.stored) < SIZE


def test_a_source_that_changes_between_chunks_sends_no_further_byte(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.extend([Step(), Step(before_answer=path.unlink)])
    with pytest.raises(SourceUnusable):
        ride.run(mini(server))
    assert server.chunks == 1


def test_a_busy_platform_is_given_the_pause_it_asks_for(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.extend([Step(), Step(answer=answer("503 Busy", "Retry-After: 7"))])
    ride.run(mini(server))
    assert ride.pauses == [7.0]
    assert server.stored == path.read_bytes()


def test_a_long_pause_is_left_to_the_workflow(server: UploadServer, ride: Ride, mini: Mini) -> None:
    server.steps.append(Step(answer=answer("503 Busy", "Retry-After: 3600")))
    with pytest.raises(PlatformUnavailable) as raised:
        ride.run(mini(server))
    assert raised.value.retry_after == 3600
    assert ride.pauses == []


def test_an_answer_in_html_reaches_the_machine(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    page = b"<html>Bad gateway</html>"
    server.steps.append(
        Step(answer=answer("502 Bad Gateway", "Content-Type: text/html", body=page))
    )
    upload = mini(server)
    ride.run(upload)
    assert upload.answers[0].body == page
    assert len(ride.pauses) == 1


def test_a_platform_that_never_advances_ends_the_run(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    server.steps.extend([Step(keep=0)] * 100)
    with pytest.raises(PlatformUnavailable) as raised:
        ride.run(mini(server))
    assert raised.value.code == "platform_stalled"
    assert server.chunks == engine.SETBACKS + 1


def test_a_platform_that_goes_back_and_forth_ends_the_run(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    ahead, behind = "Range: bytes=0-99999", "Range: bytes=0-9"
    turn = [
        Step(answer=answer("308 Resume Incomplete", ahead)),
        Step(answer=answer("308 Resume Incomplete", behind)),
    ]
    server.steps.extend(turn * 50)
    with pytest.raises(PlatformUnavailable) as raised:
        ride.run(mini(server))
    assert raised.value.code == "platform_stalled"


def test_a_platform_that_cannot_be_reached_ends_the_run(ride: Ride) -> None:
    with UploadServer(SIZE) as gone:
        upload = MiniUpload(gone.url, size=SIZE, chunk=CHUNK)
    with pytest.raises(PlatformUnavailable) as raised:
        ride.run(upload)
    assert raised.value.code == "platform_unreachable"
    assert len(ride.pauses) == engine.SETBACKS
    assert ride.pauses == sorted(ride.pauses), "each pause is longer than the one before"


def test_progress_forgives_earlier_setbacks(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    server.steps.append(Step())
    for _ in range(3 * engine.SETBACKS):
        server.steps.extend([Step(cut_after=50 * KIB), Step()])
    ride.run(mini(server))
    assert server.stored == path.read_bytes()


def test_whoever_is_told_the_progress_may_stop_the_run(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    class Stopped(Exception):
        pass

    def stop(sent: int) -> None:
        if sent >= CHUNK:
            raise Stopped

    ride.on_progress = stop
    with pytest.raises(Stopped):
        ride.run(mini(server))
    assert len(server.stored) == CHUNK, "the platform keeps its prefix"


def test_progress_is_told_while_an_answer_is_waited_for(
    server: UploadServer, ride: Ride, mini: Mini
) -> None:
    told = threading.Event()

    def tell(sent: int) -> None:
        if sent == SIZE:
            told.set()

    ride.on_progress = tell
    final = Step(before_answer=lambda: told.wait(20))
    server.steps.extend([Step(), Step(), Step(), final])
    ride.run(mini(server))
    assert told.is_set()


def test_a_machine_that_was_left_in_mid_request_asks_first(
    server: UploadServer, ride: Ride, mini: Mini, path: Path
) -> None:
    upload = mini(server)

    def stop() -> None:
        raise RuntimeError

    ride.before_finish = stop
    with pytest.raises(RuntimeError):
        ride.run(upload)
    assert upload.next_request().length == 0
