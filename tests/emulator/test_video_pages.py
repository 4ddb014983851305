"""What a person sees who follows the link of a published video."""

import json
from pathlib import Path

import pytest

from emulator.clock import timestamp
from testkit.emulator import Emulator
from tests.emulator.meta.publisher import PNG, Publisher
from tests.emulator.stranger import Stranger, sha256, some_bytes

DATA = some_bytes(5000)
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def video_of(ana: Stranger, privacy: str, **snippet: str) -> str:
    body = {"snippet": {"title": "A cake", **snippet}, "status": {"privacyStatus": privacy}}
    video_id: str = ana.upload(DATA, **body)["id"]
    return video_id


@pytest.mark.parametrize("address", ["/watch?v={}", "/shorts/{}", "/embed/{}", "/{}"])
def test_a_link_to_youtube_leads_to_the_video(ana: Stranger, address: str) -> None:
    video = video_of(ana, "public", description="Two eggs.\nOne pan.")
    page = ana.emulator.http.get(address.format(video), headers={"Host": "www.youtube.com"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for fact in ("A cake", "Two eggs.\nOne pan.", "Ana Cooks", sha256(DATA), "holiday.mp4", "5000"):
        assert fact in page.text, fact
    assert ana.emulator.http.get(address.format(video)).text == page.text


def test_the_page_shows_what_belongs_to_the_video(ana: Stranger) -> None:
    video = video_of(ana, "unlisted")
    picture = PNG
    path = f"/upload/youtube/v3/thumbnails/set?uploadType=media&videoId={video}"
    headers = {"Content-Type": "image/png"}
    assert ana.ask("POST", path, content=picture, headers=headers).is_success
    body = {"snippet": {"title": "Cakes"}}
    playlist = ana.ask("POST", "/youtube/v3/playlists?part=snippet", json=body).json()["id"]
    item = {"playlistId": playlist, "resourceId": {"kind": "youtube#video", "videoId": video}}
    path = "/youtube/v3/playlistItems?part=snippet"
    assert ana.ask("POST", path, json={"snippet": item}).is_success
    ana.emulator.advance(60)
    page = ana.emulator.http.get(f"/watch?v={video}").text
    for fact in (playlist, sha256(picture), "unlisted", "processed", "succeeded"):
        assert fact in page, fact
    (source,) = [word for word in page.split('"') if word.startswith("/vi/")]
    assert ana.emulator.http.get(source).headers["content-type"].startswith("image/")


def test_a_private_video_is_hidden_as_on_youtube_and_shown_to_the_operator(ana: Stranger) -> None:
    video = video_of(ana, "private", description="Secret cake")
    page = ana.emulator.http.get(f"/watch?v={video}").text
    public, operator, facts = page.partition("What the operator of the emulator sees")
    assert operator
    assert "This video is private" in public
    assert "A cake" not in public
    assert "Secret cake" not in public
    assert "A cake" in facts
    assert sha256(DATA) in facts


def test_a_scheduled_video_is_hidden_until_its_moment(ana: Stranger) -> None:
    status = {"privacyStatus": "private", "publishAt": "2100-01-01T00:00:00Z"}
    video = ana.upload(DATA, snippet={"title": "A cake"}, status=status)["id"]
    assert "This video is private" in ana.emulator.http.get(f"/watch?v={video}").text
    ana.emulator.advance(100 * 366 * 86_400)
    assert "This video is private" not in ana.emulator.http.get(f"/watch?v={video}").text


@pytest.mark.parametrize("privacy", ["public", "private"])
def test_nothing_a_client_wrote_runs_on_youtubes_page(ana: Stranger, privacy: str) -> None:
    # YouTube itself takes no angle brackets in these, but a channel's name is not checked.
    ana.emulator.account("eve@example.test", channels=[{"title": NASTY}])
    eve = Stranger(ana.emulator).connect("eve@example.test")
    headers = {"Slug": NASTY}
    path = "/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status"
    body = {"snippet": {"title": "x", "tags": ["</td>"]}, "status": {"privacyStatus": privacy}}
    started = eve.ask("POST", path, json=body, headers=headers)
    if started.status_code != 200:
        del body["snippet"]["tags"]  # type: ignore[attr-defined]
        started = eve.ask("POST", path, json=body, headers=headers)
    video = eve.put(started.headers["location"], DATA).json()["id"]
    page = ana.emulator.http.get(f"/watch?v={video}")
    assert "<script" not in page.text
    assert "<img src=x" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/watch?v=nosuchvideo", "/watch", "/shorts/nosuchvideo"])
def test_a_link_to_no_video_is_a_404(emulator: Emulator, path: str) -> None:
    answer = emulator.http.get(path, headers={"Host": "www.youtube.com"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == 404


@pytest.mark.parametrize("kind", ["video", "reel"])
def test_a_link_to_facebook_leads_to_the_video(emulator: Emulator, kind: str) -> None:
    bakery = Publisher.of(emulator)
    emulator.switch(page_processing_seconds=0.0)
    publish = bakery.publish if kind == "video" else bakery.publish_reel
    video = publish(DATA, title="Rolls", description=f"Warm & fresh {NASTY}")
    link = bakery.video(video, "permalink_url")["permalink_url"]
    addresses = [link, link.rstrip("/"), f"/watch/?v={video}"]
    for address in addresses:
        page = emulator.http.get(address, headers={"Host": "www.facebook.com"})
        assert page.status_code == 200, address
        for fact in ("Rolls", "Warm &amp; fresh", "Blue Door Bakery", sha256(DATA), "ready"):
            assert fact in page.text, fact
        assert "<script" not in page.text
        assert "Only you" not in page.text


@pytest.mark.parametrize("form", [{"published": "false", "unpublished_content_type": "DRAFT"}])
def test_what_facebook_has_not_published_is_hidden(
    emulator: Emulator, form: dict[str, str]
) -> None:
    bakery = Publisher.of(emulator)
    emulator.switch(page_processing_seconds=0.0)
    video = bakery.publish(DATA, title="Rolls", **form)
    page = emulator.http.get(f"/{bakery.page}/videos/{video}/").text
    public, _, facts = page.partition("What the operator of the emulator sees")
    assert "isn&#39;t available right now" in public
    assert "Rolls" not in public
    assert "Rolls" in facts


def test_another_pages_address_does_not_lead_to_the_video(emulator: Emulator) -> None:
    bakery = Publisher.of(emulator)
    video = bakery.publish(DATA)
    answer = emulator.http.get(f"/12345/videos/{video}/")
    assert answer.status_code != 200
    assert answer.json()["error"]["code"] == 100


def test_the_facts_of_a_page_are_those_of_the_controls(ana: Stranger) -> None:
    video = video_of(ana, "public")
    (shown,) = ana.emulator.videos()
    page = ana.emulator.http.get(f"/watch?v={video}").text
    for name, value in shown.items():
        assert name.replace("_", " ") in page
        if isinstance(value, str):
            assert value in page
        elif name == "published_at":
            assert timestamp(value) in page
        elif value not in (None, []):
            assert json.dumps(value) in page
    assert Path(shown["file_name"]).suffix == ".mp4"
