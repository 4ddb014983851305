"""The files that a payload names are read, judged and pinned before an assignment is accepted."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlmodel import select

from api.context import Context
from store.tables import AttachmentRow
from testkit.clips import CLIP
from testkit.pictures import SRT, jpeg, png
from tests.support.api import Tenant
from tests.support.attachments import policies
from tests.support.origin import Origin

ASSIGNMENTS = "/api/v1/assignments"


@pytest.fixture
def context(make_context: Callable[..., Context], media: Path, tmp_path: Path) -> Context:
    """An installation that is its own network."""
    own = policies(media, data_dir=tmp_path / "data", allow_private=True)
    return replace(make_context(), policies=own)


@pytest.fixture
def put(media: Path) -> Callable[[str, bytes], str]:
    """Put a file into the media root; return its address."""

    def put(name: str, content: bytes) -> str:
        (media / name).write_bytes(content)
        return (media / name).as_uri()

    return put


Put = Callable[[str, bytes], str]


async def assign(ours: Tenant, *, platforms: Sequence[str] = ("youtube",), **payload: Any) -> Any:
    connections = [ours.connection(f"UC{name}", name).id for name in platforms]
    body = {
        "connectionIds": connections,
        "videoId": ours.video().id,
        "payload": {"title": "Bread", **payload},
    }
    return await ours.http.post(ASSIGNMENTS, json=body)


async def refused(answer: httpx2.Response, ours: Tenant) -> tuple[str, dict[str, list[str]]]:
    """The code and details of a 400, after which nothing is there."""
    assert answer.status_code == 400, answer.text
    assert (await ours.http.get(ASSIGNMENTS)).json()["total"] == 0
    body = answer.json()
    return body["code"], body["details"]


def pins(context: Context) -> list[AttachmentRow]:
    with context.store.read() as session:
        return list(session.exec(select(AttachmentRow).order_by(AttachmentRow.field)).all())


async def test_what_is_accepted_is_pinned(ours: Tenant, context: Context, put: Put) -> None:
    image, track = put("cover.jpg", jpeg()), put("en.srt", SRT)
    captions = [{"language": "en", "url": track}, {"language": "en-GB", "url": track}]
    answer = await assign(ours, thumbnailUrl=image, captions=captions)
    assert answer.status_code == 201, answer.text
    captions_pin, thumbnail_pin = pins(context)
    assert captions_pin.field == "captions"
    assert captions_pin.source_digest == hashlib.sha256(track.encode()).hexdigest()
    assert captions_pin.media_type == "application/x-subrip"
    assert (thumbnail_pin.field, thumbnail_pin.media_type) == ("thumbnailUrl", "image/jpeg")
    assert thumbnail_pin.size == len(jpeg())
    assert thumbnail_pin.sha256 == hashlib.sha256(jpeg()).hexdigest()


@pytest.mark.parametrize("name", ["keyset.json", "castline.db"])
@pytest.mark.parametrize("way", ["straight", "symlink", "dots"])
async def test_castlines_own_data_is_never_an_attachment(
    ours: Tenant, app: FastAPI, context: Context, tmp_path: Path, name: str, way: str
) -> None:
    """As `castline up` sets it: the data folder lies in the root."""
    data = tmp_path / "data"
    (data / "keyset.json").write_text('{"primaryKeyId": 7, "key": []}')
    app.state.context = replace(context, policies=policies(tmp_path, data_dir=data))
    (tmp_path / "link.srt").symlink_to(data / name)
    url = {
        "straight": (data / name).as_uri(),
        "symlink": (tmp_path / "link.srt").as_uri(),
        "dots": f"{tmp_path.as_uri()}/opened/../data/{name}",
    }[way]
    code, details = await refused(
        await assign(ours, thumbnailUrl=url, captions=[{"language": "en", "url": url}]), ours
    )
    assert code == "source_not_allowed"
    assert details.keys() == {"payload.thumbnailUrl", "payload.captions"}


async def test_a_copy_of_the_key_set_is_refused_by_what_it_is(ours: Tenant, put: Put) -> None:
    copy = put("keys.srt", b'{"primaryKeyId": 7, "key": []}')
    code, _ = await refused(await assign(ours, captions=[{"language": "en", "url": copy}]), ours)
    assert code == "attachment_not_captions"
    code, _ = await refused(await assign(ours, thumbnailUrl=copy), ours)
    assert code == "attachment_not_an_image"


async def test_all_faults_of_the_files_come_in_one_answer(ours: Tenant, put: Put) -> None:
    good, bad = put("en.srt", SRT), put("de.srt", b"no captions")
    captions = [
        {"language": "en", "url": good},
        {"language": "de", "url": bad},
        {"language": "fr", "url": put("fr.srt", b"no captions") + ".missing"},
    ]
    body = {
        "connectionId": ours.connection().id,
        "mediaUrl": put("clip.mp4", b"no video"),
        "payload": {"title": "x", "thumbnailUrl": put("a.png", png()[:-4]), "captions": captions},
    }
    code, details = await refused(await ours.http.post(ASSIGNMENTS, json=body), ours)
    assert code == "source_not_a_video"
    assert details.keys() == {"mediaUrl", "payload.thumbnailUrl", "payload.captions"}
    assert details["payload.thumbnailUrl"] == ["This image is cut off: its end is missing."]
    second, third = details["payload.captions"]
    assert second.startswith("track 2: This file is not captions")
    assert third.startswith("track 3: ")
    assert third.endswith("is not there.")


async def test_each_platform_has_its_own_limits(ours: Tenant, context: Context, put: Put) -> None:
    wide = put("wide.png", png(4000, 100))
    both = await assign(ours, platforms=("facebook", "youtube"), thumbnailUrl=wide)
    code, details = await refused(both, ours)
    assert code == "attachment_dimensions"
    assert "3840" in details["payload.thumbnailUrl"][0]
    assert (await assign(ours, platforms=("facebook",), thumbnailUrl=wide)).status_code == 201
    assert [pin.media_type for pin in pins(context)] == ["image/png"]


async def test_one_file_for_several_platforms_is_read_once(ours: Tenant, context: Context) -> None:
    with Origin(png()) as origin:
        answer = await assign(ours, platforms=("facebook", "youtube"), thumbnailUrl=origin.url)
    assert answer.status_code == 201, answer.text
    assert len(origin.asked) == 1
    assert len(pins(context)) == 2


async def test_an_origin_that_does_not_answer_is_503_as_for_videos(ours: Tenant) -> None:
    with Origin(png()) as origin:
        gone = origin.url
    answer = await assign(ours, thumbnailUrl=gone)
    assert (answer.status_code, answer.json()["code"]) == (503, "source_unreachable")
    assert answer.headers["Retry-After"]
    assert answer.json()["details"].keys() == {"payload.thumbnailUrl"}
    assert "secret" not in answer.text


async def test_a_file_that_its_origin_refuses_is_a_warning_and_not_an_end(
    ours: Tenant, context: Context
) -> None:
    with Origin(png()) as origin:
        origin.refusals.append((404, ""))
        answer = await assign(ours, platforms=("facebook", "youtube"), thumbnailUrl=origin.url)
    assert answer.status_code == 201, answer.text
    for made in answer.json()["items"]:
        assert list(made["warnings"]) == ["thumbnail_missing"]
        assert "answered 404" in made["warnings"]["thumbnail_missing"]
        assert "read again when the video is live" in made["warnings"]["thumbnail_missing"]
    assert [(pin.field, pin.sha256) for pin in pins(context)] == [("thumbnailUrl", None)] * 2


async def test_an_edit_takes_only_files_that_are_there(ours: Tenant) -> None:
    row = ours.assignment()
    with Origin(png()) as origin:
        origin.refusals.append((404, ""))
        answer = await ours.http.patch(
            f"{ASSIGNMENTS}/{row.id}", json={"payload": {"title": "x", "thumbnailUrl": origin.url}}
        )
    assert (answer.status_code, answer.json()["code"]) == (400, "source_refused")


async def test_an_edit_pins_what_its_payload_names(
    ours: Tenant, context: Context, put: Put
) -> None:
    row = ours.assignment()
    bad = await ours.http.patch(
        f"{ASSIGNMENTS}/{row.id}",
        json={"payload": {"title": "x", "thumbnailUrl": put("a.png", b"no image")}},
    )
    assert (bad.status_code, bad.json()["code"]) == (400, "attachment_not_an_image")
    assert pins(context) == []
    good = await ours.http.patch(
        f"{ASSIGNMENTS}/{row.id}",
        json={"payload": {"title": "x", "thumbnailUrl": put("a.png", png())}},
    )
    assert good.status_code == 200, good.text
    assert [pin.sha256 for pin in pins(context)] == [hashlib.sha256(png()).hexdigest()]


async def test_too_many_tracks_are_refused_before_any_is_read(ours: Tenant) -> None:
    with Origin(SRT) as origin:
        captions = [{"language": "en", "name": str(n), "url": origin.url} for n in range(51)]
        code, _ = await refused(await assign(ours, captions=captions), ours)
    assert (code, origin.asked) == ("invalid_payload", [])


async def test_a_good_video_with_a_bad_image_registers_nothing(
    ours: Tenant, media: Path, put: Put
) -> None:
    shutil.copy(CLIP, media / "clip.mp4")
    body = {
        "connectionId": ours.connection().id,
        "mediaUrl": (media / "clip.mp4").as_uri(),
        "payload": {"title": "x", "thumbnailUrl": put("a.png", b"no image")},
    }
    await refused(await ours.http.post(ASSIGNMENTS, json=body), ours)
    assert (await ours.http.get("/api/v1/videos")).json()["total"] == 0
