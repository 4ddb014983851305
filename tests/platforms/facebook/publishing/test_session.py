import json
from dataclasses import replace

import pytest

from domain.errors import PlatformRefusal, PlatformUnavailable, ReauthorizationNeeded
from domain.secrets import Secret
from domain.states import KnownBy
from platforms.facebook import Facebook
from platforms.facebook.limits import MAX_BYTES
from platforms.facebook.publishing.session import ReelSession, VideoSession, seal, unseal
from platforms.facebook.publishing.upload import PAUSES
from platforms.protocol import Account, Credential, Publication
from platforms.transfer import engine
from platforms.transfer.machine import Finished
from testkit.emulator import Emulator
from tests.platforms.facebook.conftest import CHUNK
from tests.platforms.facebook.publishing.conftest import Killed, Send, Sender
from tests.support.google import Scripted

VIDEO = VideoSession("7", "42", "99", 0, 1000)
REEL = ReelSession("7", "42", "https://rupload.example/42")
STARTED = {
    "upload_session_id": "99",
    "start_offset": "0",
    "end_offset": "1000",
    "upload_url": REEL.upload_url,
}
NO_IDS = (REEL.upload_url, "\ud800", "nul\0", "42\n", "42/videos", "-1", -1, 10**30)


@pytest.mark.parametrize("session", [VIDEO, REEL])
def test_a_session_survives_the_vault(session: VideoSession | ReelSession) -> None:
    assert unseal(seal(session)) == session


def test_a_handle_names_the_video_before_its_first_byte(sender: Sender) -> None:
    session = unseal(sender.handle)
    assert session.page_id == sender.account.id
    assert sender.emulator.state()["sessions"][0]["id"] == session.video_id
    assert sender.videos() == 0


def test_a_video_tells_the_range_that_it_begins_with(sending: Send) -> None:
    session = unseal(sending("video").handle)
    assert isinstance(session, VideoSession)
    assert (session.start, session.end) == (0, CHUNK)


@pytest.mark.parametrize("type", ["video", "reel"])
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"video_id": "42"},
        {"video_id": "", "upload_url": ""},
        "<html>",
        *({**STARTED, "video_id": word} for word in NO_IDS),
    ],
)
def test_a_start_without_what_it_promises_is_unreadable(
    speaking: Facebook, scripted: Scripted, publication: Publication, type: str, answer: object
) -> None:
    scripted.answers = [(200, answer)]
    wanted = replace(publication, type=type)
    with pytest.raises(PlatformUnavailable) as caught:
        speaking.open_session(_credential(), wanted)
    assert caught.value.code == "unreadable_answer"


def test_a_file_that_is_too_large_is_refused_without_a_call(
    facebook: Facebook, bakery: Account, publication: Publication, emulator: Emulator
) -> None:
    with pytest.raises(PlatformRefusal) as caught:
        facebook.open_session(bakery.credential, replace(publication, size=MAX_BYTES + 1))
    assert caught.value.code == "file_too_large"
    assert emulator.calls("page_videos.start") == 0


@pytest.mark.parametrize("type", ["video", "reel"])
def test_a_token_that_may_not_publish_is_to_blame_before_the_payload(
    speaking: Facebook, scripted: Scripted, publication: Publication, type: str
) -> None:
    error = {"error": {"code": 100, "type": "OAuthException", "message": "m"}}
    scripted.answers = [(400, error), (400, error)]
    wanted = replace(publication, type=type)
    with pytest.raises(ReauthorizationNeeded) as needed:
        speaking.open_session(replace(_credential(), scopes=("pages_show_list",)), wanted)
    assert needed.value.code == "scope_missing"
    with pytest.raises(PlatformRefusal) as refused:
        speaking.open_session(_credential(), wanted)
    assert refused.value.code == "invalid_parameter"


def test_a_chunked_session_is_cancelled(sending: Send) -> None:
    sender = sending("video")
    sender.facebook.discard_session(sender.handle, sender.account.credential)
    sender.facebook.discard_session(sender.handle, sender.account.credential)
    assert sender.calls("cancel") == 2
    assert sender.emulator.state()["sessions"][0]["state"] == "cancelled"


def test_a_reel_is_left_to_run_out(sending: Send) -> None:
    sender = sending("reel")
    calls = sum(sender.emulator.state()["calls"].values())
    sender.facebook.discard_session(sender.handle, sender.account.credential)
    assert sum(sender.emulator.state()["calls"].values()) == calls


def test_giving_up_never_fails_and_deletes_no_video(sender: Sender) -> None:
    sender.run(fresh=True)
    sender.emulator.fault(
        "page_videos.cancel", "status", platform="facebook", status=502, html=True
    )
    sender.facebook.discard_session(sender.handle, sender.account.credential)
    sender.the_one_video()
    assert sender.emulator.calls("video.delete") == 0


def kill() -> None:
    raise Killed


def test_a_session_can_be_asked_without_sending_anything(sender: Sender) -> None:
    def ask() -> Finished | None:
        machine, pause = sender.machine(), sender.pauses.append
        return engine.ask(machine, on_progress=lambda _: None, pause=pause)

    assert ask() is None
    with pytest.raises(Killed):
        sender.run(fresh=True, on_finish=kill)
    assert ask() is None
    assert (sender.videos(), len(sender.pauses)) == (0, len(PAUSES))
    sender.run()
    assert ask() == Finished(sender.the_one_video()["id"], KnownBy.READ_BACK)


def test_a_handle_shows_nothing_of_itself(sender: Sender) -> None:
    assert json.loads(sender.handle.reveal())["video_id"] not in repr(sender.handle)


def _credential() -> Credential:
    return Credential(Secret("access"), None, None, ("pages_manage_posts",))
