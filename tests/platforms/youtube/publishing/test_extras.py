import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.errors import (
    PlatformError,
    PlatformRefusal,
    PlatformUnavailable,
    ReauthorizationNeeded,
    Remedy,
    SourceUnusable,
)
from domain.states import StepName
from platforms.protocol import Credential, Publication
from platforms.youtube import YouTube
from platforms.youtube.channels import MANAGE, READ, UPLOAD
from testkit.emulator import Emulator
from testkit.pictures import SRT, VTT, png
from tests.support.attachments import run_step

PNG = png()


@pytest.fixture
def grown(
    connect: Any, managing: YouTube, publish: Any, publication: Publication
) -> tuple[Credential, str]:
    """A credential with every scope, and a video of its channel."""
    credential = connect(adapter=managing)
    return credential, publish(credential, publication)


def playlist(emulator: Emulator, credential: Credential) -> str:
    answer = httpx2.post(
        f"{emulator.url}/youtube/v3/playlists?part=snippet",
        headers={"authorization": f"Bearer {credential.access_token.reveal()}"},
        json={"snippet": {"title": "Bread"}},
    )
    return str(answer.json()["id"])


def test_a_payload_asks_for_its_steps_in_order(youtube: YouTube) -> None:
    captions = [{"language": "en", "url": "file:///srv/en.srt"}]
    payload = {"playlistIds": ["PL1"], "captions": captions, "thumbnailUrl": "file:///srv/a.png"}
    assert youtube.extra_steps(payload) == (
        StepName.THUMBNAIL,
        StepName.CAPTIONS,
        StepName.PLAYLIST,
    )
    assert youtube.extra_steps({"playlistIds": [], "captions": []}) == ()
    assert youtube.extra_steps({"title": "Sourdough"}) == ()


def test_capabilities_tell_what_a_step_needs(youtube: YouTube, managing: YouTube) -> None:
    assert youtube.capabilities.scopes == (UPLOAD, READ)
    assert managing.capabilities.scopes == (UPLOAD, READ, MANAGE)
    assert youtube.capabilities.step_scopes[StepName.CAPTIONS] == (MANAGE,)


def test_a_thumbnail_arrives_whole(
    emulator: Emulator,
    connect: Any,
    youtube: YouTube,
    publish: Any,
    publication: Publication,
    tmp_path: Path,
) -> None:
    (tmp_path / "cover.png").write_bytes(PNG)
    credential = connect()
    video_id = publish(credential, publication)
    payload = {"thumbnailUrl": (tmp_path / "cover.png").as_uri()}
    for _ in range(2):
        run_step(youtube, StepName.THUMBNAIL, credential, video_id, payload)
    (video,) = emulator.videos()
    assert video["thumbnail_sha256"] == hashlib.sha256(PNG).hexdigest()
    assert emulator.calls("thumbnails.set") == 2


def test_an_image_that_is_none_is_never_sent(
    emulator: Emulator, grown: tuple[Credential, str], managing: YouTube, tmp_path: Path
) -> None:
    (tmp_path / "cover.png").write_bytes(b"no image")
    payload = {"thumbnailUrl": (tmp_path / "cover.png").as_uri()}
    with pytest.raises(SourceUnusable) as caught:
        run_step(managing, StepName.THUMBNAIL, *grown, payload)
    assert caught.value.code == "attachment_not_an_image"
    assert emulator.calls("thumbnails.set") == 0


def test_an_image_over_50_mb_is_not_even_read(
    emulator: Emulator, grown: tuple[Credential, str], managing: YouTube, tmp_path: Path
) -> None:
    with (tmp_path / "cover.png").open("wb") as sparse:
        sparse.truncate(50 * 1024**2 + 1)
    payload = {"thumbnailUrl": (tmp_path / "cover.png").as_uri()}
    with pytest.raises(SourceUnusable) as caught:
        run_step(managing, StepName.THUMBNAIL, *grown, payload)
    assert caught.value.code == "attachment_too_large"
    assert emulator.calls("thumbnails.set") == 0


def test_captions_arrive_once_however_often_they_are_sent(
    emulator: Emulator, grown: tuple[Credential, str], managing: YouTube, tmp_path: Path
) -> None:
    texts = {"en": SRT, "de": VTT}
    for language, text in texts.items():
        (tmp_path / language).write_bytes(text)
    captions = [{"language": x, "name": "", "url": (tmp_path / x).as_uri()} for x in texts]
    for _ in range(2):
        run_step(managing, StepName.CAPTIONS, *grown, {"captions": captions})
    (video,) = emulator.videos()
    arrived = {caption["language"]: caption["sha256"] for caption in video["captions"]}
    assert arrived == {x: hashlib.sha256(text).hexdigest() for x, text in texts.items()}
    assert len(video["captions"]) == 2


def test_a_video_enters_a_playlist_once(
    emulator: Emulator, grown: tuple[Credential, str], managing: YouTube
) -> None:
    payload = {"playlistIds": [playlist(emulator, grown[0])]}
    for _ in range(2):
        run_step(managing, StepName.PLAYLIST, *grown, payload)
    assert emulator.calls("playlistItems.insert") == 1


def test_an_insert_whose_answer_was_lost_is_not_repeated(
    emulator: Emulator, grown: tuple[Credential, str], managing: YouTube
) -> None:
    payload = {"playlistIds": [playlist(emulator, grown[0])]}
    emulator.fault("playlistItems.insert", "lose_answer")
    with pytest.raises(PlatformUnavailable):
        run_step(managing, StepName.PLAYLIST, *grown, payload)
    run_step(managing, StepName.PLAYLIST, *grown, payload)
    assert emulator.calls("playlistItems.insert") == 1


def test_a_video_that_is_there_already_is_done(
    emulator: Emulator, grown: tuple[Credential, str], managing: YouTube
) -> None:
    payload = {"playlistIds": [playlist(emulator, grown[0])]}
    emulator.fault("playlistItems.insert", "already_exists")
    run_step(managing, StepName.PLAYLIST, *grown, payload)


def test_a_playlist_that_is_not_there_is_refused(
    grown: tuple[Credential, str], managing: YouTube
) -> None:
    with pytest.raises(PlatformRefusal) as caught:
        run_step(managing, StepName.PLAYLIST, *grown, {"playlistIds": ["PLnowhere"]})
    assert caught.value.code == "playlist_not_found"


@pytest.mark.parametrize("step", [StepName.CAPTIONS, StepName.PLAYLIST])
def test_a_step_beyond_the_grant_is_refused_without_a_call(
    emulator: Emulator, connect: Any, youtube: YouTube, step: StepName
) -> None:
    with pytest.raises(PlatformRefusal) as caught:
        run_step(youtube, step, connect(), "abc", {"captions": [], "playlistIds": ["PL1"]})
    assert caught.value.code == "step_not_granted"
    assert caught.value.remedy is Remedy.RECONNECT
    assert emulator.calls("playlistItems.list") == 0


def test_a_scope_that_google_misses_is_told_the_same_way(
    connect: Any, youtube: YouTube, publish: Any, publication: Publication, tmp_path: Path
) -> None:
    credential = connect()
    video_id = publish(credential, publication)
    (tmp_path / "en").write_text("Flour")
    captions = [{"language": "en", "url": (tmp_path / "en").as_uri()}]
    claimed = replace(credential, scopes=(MANAGE,))
    with pytest.raises(PlatformRefusal) as caught:
        run_step(youtube, StepName.CAPTIONS, claimed, video_id, {"captions": captions})
    assert (caught.value.code, caught.value.reason) == (
        "step_not_granted",
        "insufficientPermissions",
    )


def test_a_dead_token_is_still_a_dead_token(
    emulator: Emulator, grown: tuple[Credential, str], managing: YouTube
) -> None:
    emulator.fault("playlistItems.list", "unauthorized")
    with pytest.raises(ReauthorizationNeeded) as caught:
        run_step(managing, StepName.PLAYLIST, *grown, {"playlistIds": ["PL1"]})
    assert caught.value.code == "token_rejected"


@pytest.mark.parametrize(
    ("age", "code"),
    [
        (None, "not_there_yet"),
        (timedelta(minutes=9), "not_there_yet"),
        (timedelta(minutes=11), "video_missing"),
    ],
)
@pytest.mark.parametrize(
    ("step", "operation"),
    [
        (StepName.THUMBNAIL, "thumbnails.set"),
        (StepName.CAPTIONS, "captions.insert"),
        (StepName.PLAYLIST, "playlistItems.insert"),
    ],
)
def test_a_video_that_a_step_misses_is_awaited_for_the_first_minutes(
    emulator: Emulator,
    grown: tuple[Credential, str],
    managing: YouTube,
    tmp_path: Path,
    step: StepName,
    operation: str,
    age: timedelta | None,
    code: str,
) -> None:
    (tmp_path / "medium").write_bytes(PNG)
    medium = (tmp_path / "medium").as_uri()
    payload = {
        "thumbnailUrl": medium,
        "captions": [{"language": "en", "url": medium}],
        "playlistIds": [playlist(emulator, grown[0])],
    }
    emulator.fault(operation, "not_found_yet")
    uploaded_at = None if age is None else datetime.now(UTC) - age
    with pytest.raises(PlatformError) as caught:
        run_step(managing, step, *grown, payload, uploaded_at=uploaded_at)
    assert caught.value.code == code
    run_step(managing, step, *grown, payload, uploaded_at=uploaded_at)
