import hashlib
from pathlib import Path

import pytest

from domain.errors import PlatformRefusal, SourceUnusable
from domain.states import StepName
from platforms.facebook.limits import THUMBNAIL
from platforms.facebook.publishing.thumbnail import extra_steps
from testkit.pictures import jpeg, png
from tests.platforms.facebook.publishing.conftest import Sender
from tests.support.attachments import run_step

IMAGES = {"cover.png": png(), "cover.jpg": jpeg()}


def set_thumbnail(sender: Sender, path: Path) -> None:
    run_step(
        sender.facebook,
        StepName.THUMBNAIL,
        sender.account.credential,
        sender.run(fresh=True).platform_id,
        {"thumbnailUrl": path.as_uri()},
    )


def test_only_a_thumbnail_is_an_extra_step() -> None:
    assert extra_steps({"title": "Sourdough"}) == ()
    assert extra_steps({"thumbnailUrl": "https://media.example/a.png"}) == (StepName.THUMBNAIL,)


@pytest.mark.parametrize("name", IMAGES)
def test_a_thumbnail_reaches_the_video(sender: Sender, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(IMAGES[name])
    set_thumbnail(sender, path)
    expected = hashlib.sha256(IMAGES[name]).hexdigest()
    assert sender.the_one_video()["thumbnail_sha256"] == expected


def test_a_thumbnail_may_be_set_again(sender: Sender, tmp_path: Path) -> None:
    path = tmp_path / "cover.png"
    path.write_bytes(IMAGES["cover.png"])
    video_id = sender.run(fresh=True).platform_id
    for _ in range(2):
        run_step(
            sender.facebook,
            StepName.THUMBNAIL,
            sender.account.credential,
            video_id,
            {"thumbnailUrl": path.as_uri()},
        )
    assert sender.emulator.calls("video.thumbnails") == 2


def test_an_image_that_is_too_large_is_not_read(sender: Sender, tmp_path: Path) -> None:
    path = tmp_path / "cover.png"
    path.write_bytes(IMAGES["cover.png"] + bytes(THUMBNAIL.max_bytes))
    with pytest.raises(SourceUnusable) as caught:
        set_thumbnail(sender, path)
    assert caught.value.code == "attachment_too_large"
    assert sender.emulator.calls("video.thumbnails") == 0


def test_a_grant_that_does_not_reach_so_far_refuses_the_step_alone(
    sender: Sender, tmp_path: Path
) -> None:
    path = tmp_path / "cover.png"
    path.write_bytes(IMAGES["cover.png"])
    sender.emulator.fault("video.thumbnails", "graph_error", platform="facebook", reason="200")
    with pytest.raises(PlatformRefusal) as caught:
        set_thumbnail(sender, path)
    assert caught.value.code == "step_not_granted"
