"""The video of a lost session: found, absent, or neither of both."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import PlatformUnavailable, ReauthorizationNeeded, SessionFound, Unconfirmed
from domain.secrets import Secret
from platforms.facebook import Facebook
from platforms.facebook.publishing.session import VideoSession, seal
from platforms.protocol import Account, Credential, Publication
from testkit.emulator import Emulator
from tests.platforms.facebook.publishing.conftest import Killed, Sender
from tests.support.google import Scripted

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(hours=1)
BEFORE = NOW - timedelta(days=1)


def kill() -> None:
    raise Killed


def found(sender: Sender) -> str | None:
    return sender.facebook.find_published(
        sender.account.credential, sender.publication, sender.handle, since=SINCE
    )


def test_a_video_that_was_finished_is_found_by_its_handle(sender: Sender) -> None:
    video_id = sender.run(fresh=True).platform_id
    assert found(sender) == video_id


def test_a_video_that_was_not_finished_goes_on(sender: Sender) -> None:
    with pytest.raises(SessionFound):
        found(sender)
    with pytest.raises(Killed):
        sender.run(fresh=True, on_finish=kill)
    with pytest.raises(SessionFound):
        found(sender)


@pytest.mark.parametrize("fate", ["processing_error", "copyright"])
def test_a_video_that_nobody_will_see_is_not_found(sender: Sender, fate: str) -> None:
    sender.fault("finish", fate)
    sender.run(fresh=True)
    assert found(sender) is None


def test_a_video_that_is_not_shown_yet_is_found_in_the_listing(sender: Sender) -> None:
    video_id = sender.run(fresh=True).platform_id
    sender.emulator.fault("video.get", "not_found_yet", platform="facebook", times=None)
    assert found(sender) == video_id
    assert sender.calls("list") == 1


def test_a_video_that_is_neither_shown_nor_listed_is_absent(sender: Sender) -> None:
    sender.emulator.fault("video.get", "not_found_yet", platform="facebook")
    assert found(sender) is None


@pytest.mark.parametrize("reason", ["100", "10"])
def test_a_listing_that_may_not_be_read_decides_nothing(sender: Sender, reason: str) -> None:
    sender.emulator.fault("video.get", "not_found_yet", platform="facebook")
    sender.fault("list", "graph_error", reason=reason)
    with pytest.raises(Unconfirmed) as caught:
        found(sender)
    assert caught.value.code == "outcome_unconfirmed"


def test_a_token_that_is_refused_while_listing_asks_for_a_person(sender: Sender) -> None:
    sender.emulator.fault("video.get", "not_found_yet", platform="facebook")
    sender.fault("list", "graph_error", reason="190/460")
    with pytest.raises(ReauthorizationNeeded) as caught:
        found(sender)
    assert caught.value.code != "scope_missing"


def test_a_listing_alone_may_find_and_not_deny(sender: Sender) -> None:
    sender.emulator.fault("video.get", "graph_error", platform="facebook", reason="100", times=None)
    with pytest.raises(Unconfirmed):
        found(sender)
    video_id = sender.run(fresh=True).platform_id
    assert found(sender) == video_id


def test_a_look_that_is_interrupted_finds_no_none(sender: Sender) -> None:
    sender.emulator.fault("video.get", "status", platform="facebook", status=503)
    with pytest.raises(PlatformUnavailable):
        found(sender)


def test_without_a_handle_there_is_nothing_to_look_for(
    facebook: Facebook, bakery: Account, publication: Publication, emulator: Emulator
) -> None:
    assert facebook.find_published(bakery.credential, publication, None, since=SINCE) is None
    assert emulator.calls("video.get") == 0


@pytest.mark.parametrize(
    ("updated_at", "has_more", "is_clear"),
    [(NOW, False, True), (NOW, True, False), (BEFORE, True, True)],
    ids=["the whole list", "a list that goes on", "a list that goes back far enough"],
)
def test_a_listing_denies_what_it_goes_back_to(
    scripted: Scripted,
    speaking: Facebook,
    publication: Publication,
    updated_at: datetime,
    has_more: bool,
    is_clear: bool,
) -> None:
    gone = {"error": {"code": 100, "error_subcode": 33, "type": "GraphMethodException"}}
    listing: dict[str, Any] = {
        "data": [{"id": "other", "updated_time": f"{updated_at:%Y-%m-%dT%H:%M:%S}+0000"}]
    }
    if has_more:
        listing["paging"] = {"next": "https://graph.example/next"}
    scripted.answers = [(400, gone), (200, listing)]
    credential = Credential(Secret("access"), None, None, ("pages_manage_posts",))
    handle = seal(VideoSession("7", "42", "99", 0, 1000))
    if is_clear:
        assert speaking.find_published(credential, publication, handle, since=SINCE) is None
        return
    with pytest.raises(Unconfirmed):
        speaking.find_published(credential, publication, handle, since=SINCE)
