"""The way to Google: each request once, from any thread, and nothing in the logs."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from googleapiclient.http import MediaInMemoryUpload

from domain.errors import PlatformUnavailable
from platforms.http import Http
from platforms.protocol import Publication
from platforms.youtube import YouTube
from platforms.youtube.api import Api
from testkit.emulator import Emulator
from tests.support.google import CREDENTIAL


def test_a_request_without_an_answer_is_not_repeated(
    scripted: Any, speaking: YouTube, publication: Publication
) -> None:
    with pytest.raises(PlatformUnavailable) as caught:
        speaking.open_session(CREDENTIAL, publication)
    assert caught.value.code == "unreachable"
    assert len(scripted.asked) == 1


def test_no_cookie_passes_from_one_account_to_another(scripted: Any, speaking: YouTube) -> None:
    found = {"items": [{"id": "UC1", "snippet": {"title": "Ana Cooks"}}]}
    scripted.answers = [(200, found), (200, found)]
    assert speaking.accounts(CREDENTIAL) == speaking.accounts(CREDENTIAL)
    assert scripted.cookies == [None, None]


@pytest.mark.parametrize("garbage", ["", "<html>", "[]", "7"])
def test_a_success_that_cannot_be_read_is_a_blip(
    scripted: Any, speaking: YouTube, garbage: str
) -> None:
    scripted.answers = [(200, garbage)]
    with pytest.raises(PlatformUnavailable) as caught:
        speaking.channel(CREDENTIAL)
    assert caught.value.code == "unreadable_answer"


@pytest.mark.parametrize("root", ["http://h:1", "http://h:1/", "http://h:1/google"])
def test_uploads_go_to_the_configured_root_too(root: str) -> None:
    api = Api(root, Http("Google"))
    media = MediaInMemoryUpload(b"x", mimetype="video/mp4", resumable=True)
    request = api.videos.insert(part="snippet", body={"snippet": {}}, media_body=media)
    assert request.uri.startswith(f"{root.rstrip('/')}/upload/youtube/v3/videos?")


def test_threads_share_an_adapter(connect: Any, youtube: YouTube) -> None:
    credential = connect()
    with ThreadPoolExecutor(8) as threads:
        titles = set(threads.map(lambda _: youtube.channel(credential).title, range(64)))
    assert titles == {"Ana Cooks"}


def test_an_error_carries_no_cause_and_no_token(
    emulator: Emulator, connect: Any, youtube: YouTube
) -> None:
    credential = connect()
    emulator.fault("channels.list", "quota_exceeded")
    with pytest.raises(Exception, match="quota") as caught:
        youtube.channel(credential)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert credential.access_token.reveal() not in repr(vars(caught.value))


def test_no_secret_is_logged(
    connect: Any,
    youtube: YouTube,
    publication: Publication,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    credential = youtube.refresh(connect())
    session = youtube.open_session(credential, publication)
    youtube.discard_session(session, credential)
    youtube.revoke(credential)
    upload_id = session.reveal().partition("upload_id=")[2]
    assert upload_id
    assert credential.refresh_token
    for secret in (upload_id, credential.access_token.reveal(), credential.refresh_token.reveal()):
        assert secret not in caplog.text
