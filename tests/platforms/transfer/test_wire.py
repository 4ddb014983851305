import socket
import threading
from collections.abc import Callable

import pytest

from domain.errors import PlatformMisconfigured
from domain.secrets import Secret
from platforms.transfer.machine import Answer, Request
from platforms.transfer.wire import ANSWER_BYTES, Read, Silence, Wire
from tests.platforms.transfer.conftest import KIB, SIZE, Ride
from tests.support.uploads import MiniUpload, Step, UploadServer, answer

HUGE = 64 * 1024 * KIB
"""More than the kernel's buffers of a connection hold."""


@pytest.fixture
def wire() -> Wire:
    return Wire(beat=lambda: None)


def reading(content: bytes, *, at_most: int = HUGE) -> Read:
    """Give the content, so many bytes at a time."""
    left = memoryview(content)

    def read(most: int) -> memoryview:
        nonlocal left
        piece, left = left[: min(most, at_most)], left[min(most, at_most) :]
        return piece

    return read


def put(server: UploadServer, **body: object) -> Request:
    return Request("PUT", Secret(server.url), {"X-Part": "1"}, **body)  # type: ignore[arg-type]


def test_a_body_may_have_a_head_and_a_tail(server: UploadServer, wire: Wire) -> None:
    request = put(server, head=b"--a\r\n", length=5, tail=b"\r\n--a--")
    answered = wire.exchange(request, reading(b"bytes", at_most=2))
    assert isinstance(answered, Answer)
    assert server.bodies == [b"--a\r\nbytes\r\n--a--"]
    assert "Content-Length: 17\r\n" in server.heads[0]
    assert "X-Part: 1\r\n" in server.heads[0]


@pytest.mark.parametrize("host", ["nobody.invalid", "no..body.invalid"])
def test_a_host_that_is_not_found_gets_nothing(host: str, wire: Wire) -> None:
    request = Request("PUT", Secret(f"https://{host}/session"), {})
    assert wire.exchange(request) is Silence.UNSENT


def test_an_answer_that_breaks_off_is_no_answer(server: UploadServer, wire: Wire) -> None:
    whole = answer("200 OK", body=b'{"id": "made"}')
    server.steps.append(Step(answer=whole[:-3], early=True))
    assert wire.exchange(put(server)) is Silence.LOST


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("kind", ["server", "tls_server"])
def test_a_refusal_ends_the_body_though_the_server_reads_no_more(
    kind: str, request: pytest.FixtureRequest
) -> None:
    server: UploadServer = request.getfixturevalue(kind)
    seen = threading.Event()
    refusal = Step(
        answer=answer("401 Unauthorized"), early=True, before_hang_up=lambda: seen.wait(60)
    )
    server.steps.append(refusal)

    patience = iter(range(15))

    def lose_patience() -> None:
        assert next(patience, None) is not None, "stands still before a server that has answered"

    answered = Wire(beat=lose_patience).exchange(put(server, length=HUGE), reading(bytes(HUGE)))
    seen.set()
    assert isinstance(answered, Answer)
    assert answered.status == 401


@pytest.mark.usefixtures("trusted")
def test_a_server_that_is_slow_to_read_has_not_answered_yet(tls_server: UploadServer) -> None:
    stood_still = threading.Event()
    tls_server.steps.append(Step(before_body=lambda: stood_still.wait(60)))
    wire = Wire(beat=stood_still.set)
    answered = wire.exchange(put(tls_server, length=HUGE), reading(bytes(HUGE)))
    assert isinstance(answered, Answer)
    assert stood_still.is_set()
    assert len(tls_server.bodies[0]) == HUGE


def test_what_is_not_http_is_no_answer(server: UploadServer, wire: Wire) -> None:
    server.steps.append(Step(answer=b"SSH-2.0-OpenSSH\r\n\r\n", early=True))
    assert wire.exchange(put(server)) is Silence.LOST


def test_an_endless_answer_is_read_only_so_far(server: UploadServer, wire: Wire) -> None:
    server.steps.append(Step(answer=answer("200 OK", body=bytes(3 * ANSWER_BYTES))))
    answered = wire.exchange(put(server))
    assert isinstance(answered, Answer)
    assert len(answered.body) == ANSWER_BYTES
    assert wire.exchange(put(server)) is not Silence.LOST
    assert server.connections == 2, "the rest of it is left behind with its connection"


def test_nothing_is_followed_or_sent_again(server: UploadServer, wire: Wire) -> None:
    moved = answer("307 Temporary Redirect", "Location: http://127.0.0.1:1/")
    server.steps.append(Step(answer=moved))
    answered = wire.exchange(put(server))
    assert isinstance(answered, Answer)
    assert answered.status == 307
    assert len(server.heads) == 1


@pytest.mark.usefixtures("trusted")
def test_tls_keeps_one_connection(
    tls_server: UploadServer, ride: Ride, mini: Callable[[UploadServer], MiniUpload]
) -> None:
    ride.run(mini(tls_server))
    assert len(tls_server.stored) == SIZE
    assert tls_server.connections == 1


def test_a_certificate_that_nobody_vouches_for_is_the_operators_matter(
    tls_server: UploadServer, wire: Wire
) -> None:
    with pytest.raises(PlatformMisconfigured) as raised:
        wire.exchange(put(tls_server))
    assert raised.value.code == "platform_untrusted"
    assert tls_server.heads == []


@pytest.mark.parametrize("host", ["platform.example", "192.0.2.1", "[2001:db8::1]"])
def test_what_is_not_near_is_not_spoken_to_in_clear(wire: Wire, host: str) -> None:
    url = f"http://{host}/session?upload_id=secret"
    request = Request("PUT", Secret(url), {})
    with pytest.raises(PlatformMisconfigured) as raised:
        wire.exchange(request)
    assert raised.value.code == "platform_insecure"
    assert "secret" not in raised.value.sentence


def test_the_emulator_in_a_container_beside_ours_is_near_enough(wire: Wire) -> None:
    # Nobody answers to that name here: what counts is that it was called.
    assert wire.exchange(Request("PUT", Secret("http://emulator:9/session"), {})) is Silence.UNSENT


def test_a_server_that_hangs_up_in_the_handshake_is_no_answer(wire: Wire) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}/"
        assert wire.exchange(Request("PUT", Secret(url), {})) is Silence.UNSENT
