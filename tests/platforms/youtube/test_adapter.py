"""Whole publications through the adapter, the engine and the emulator."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from domain.errors import PlatformUnavailable, ReauthorizationNeeded, SessionLost
from domain.secrets import Secret
from platforms.protocol import Credential, Live, Publication
from platforms.youtube import GoogleApp, YouTube
from testkit.emulator import Emulator

CHUNK = 256 * 1024


@pytest.fixture
def credential(connect: Any) -> Credential:
    grant: Credential = connect()
    return grant


@pytest.fixture
def session(youtube: YouTube, credential: Credential, publication: Publication) -> Secret:
    return youtube.open_session(credential, publication)


@pytest.fixture
def sha256(source_url: str) -> str:
    return hashlib.sha256(Path(urlsplit(source_url).path).read_bytes()).hexdigest()


def arrived(emulator: Emulator) -> list[tuple[str, str]]:
    return [(video["id"], video["sha256"]) for video in emulator.videos()]


def received(emulator: Emulator) -> int:
    (session,) = emulator.state()["sessions"]
    count: int = session["received"]
    return count


def test_a_short_publish_costs_three_calls(
    emulator: Emulator,
    app: GoogleApp,
    credential: Credential,
    publish: Any,
    publication: Publication,
    sha256: str,
) -> None:
    youtube = YouTube(app, chunk_size=8 * 1024 * 1024)
    video_id = publish(credential, publication, adapter=youtube)
    assert isinstance(youtube.outcome(credential, video_id, publication), Live)
    assert arrived(emulator) == [(video_id, sha256)]
    calls = emulator.state()["calls"]
    assert {name: count for name, count in calls.items() if name.startswith("videos.")} == {
        "videos.insert.start": 1,
        "videos.insert.transfer": 1,
        "videos.list": 1,
    }


def test_a_lost_final_answer_makes_no_second_video(
    emulator: Emulator, credential: Credential, publish: Any, publication: Publication, sha256: str
) -> None:
    fault = emulator.fault("videos.insert.transfer", "lose_answer", final=True)
    assert arrived(emulator) == []
    video_id = publish(credential, publication)
    assert emulator.fired(fault) == 1
    assert arrived(emulator) == [(video_id, sha256)]


def test_a_finished_session_tells_another_process_the_video(
    emulator: Emulator,
    credential: Credential,
    publish: Any,
    publication: Publication,
    session: Secret,
) -> None:
    first = publish(credential, publication, session=session)
    sent = emulator.calls("videos.insert.transfer")
    assert publish(credential, publication, session=session) == first
    assert emulator.calls("videos.insert.transfer") == sent


def test_a_connection_cut_in_mid_chunk_goes_on_from_the_platforms_offset(
    emulator: Emulator, credential: Credential, publish: Any, publication: Publication, sha256: str
) -> None:
    fault = emulator.fault("videos.insert.transfer", "cut", skip=1, after_bytes=100_000)
    video_id = publish(credential, publication)
    assert emulator.fired(fault) == 1
    assert arrived(emulator) == [(video_id, sha256)]
    assert received(emulator) <= publication.size + CHUNK


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_trouble_at_the_platform_passes(
    emulator: Emulator,
    credential: Credential,
    publish: Any,
    publication: Publication,
    sha256: str,
    status: int,
) -> None:
    fault = emulator.fault("videos.insert.transfer", "status", skip=1, status=status, html=True)
    video_id = publish(credential, publication)
    assert emulator.fired(fault) == 1
    assert arrived(emulator) == [(video_id, sha256)]


def test_a_token_that_dies_in_mid_upload_is_replaced_and_nothing_is_lost(
    emulator: Emulator,
    youtube: YouTube,
    credential: Credential,
    publish: Any,
    publication: Publication,
    session: Secret,
    sha256: str,
) -> None:
    emulator.fault("videos.insert.transfer", "unauthorized", skip=1)
    with pytest.raises(ReauthorizationNeeded) as caught:
        publish(credential, publication, session=session)
    assert caught.value.code == "token_rejected"
    video_id = publish(youtube.refresh(credential), publication, session=session)
    assert arrived(emulator) == [(video_id, sha256)]
    assert received(emulator) <= publication.size + CHUNK


def test_a_token_may_change_from_one_request_to_the_next(
    emulator: Emulator,
    youtube: YouTube,
    credential: Credential,
    publish: Any,
    publication: Publication,
    sha256: str,
) -> None:
    renewed = youtube.refresh(credential).access_token
    tokens = [credential.access_token, renewed, credential.access_token, renewed]
    video_id = publish(credential, publication, tokens=tokens)
    assert arrived(emulator) == [(video_id, sha256)]


@pytest.mark.parametrize("status", [404, 410])
def test_a_lost_session_is_told_and_its_video_can_be_found(
    emulator: Emulator,
    youtube: YouTube,
    credential: Credential,
    publish: Any,
    publication: Publication,
    session: Secret,
    status: int,
) -> None:
    emulator.switch(lost_session_status=status)
    video_id = publish(credential, publication, session=session)
    emulator.fault("videos.insert.status", "session_lost")
    with pytest.raises(SessionLost):
        publish(credential, publication, session=session)
    since = datetime.now(UTC) - timedelta(hours=1)
    assert youtube.find_published(credential, publication, None, since=since) == video_id


def test_a_server_that_never_advances_ends_the_run(
    emulator: Emulator, credential: Credential, publish: Any, publication: Publication
) -> None:
    emulator.fault("videos.insert.transfer", "stall", times=None)
    with pytest.raises(PlatformUnavailable):
        publish(credential, publication)
    assert arrived(emulator) == []


def test_nothing_is_public_unless_asked(
    emulator: Emulator, credential: Credential, publish: Any, publication: Publication
) -> None:
    publish(credential, publication)
    (video,) = emulator.videos()
    assert video["privacy_status"] == "private"
