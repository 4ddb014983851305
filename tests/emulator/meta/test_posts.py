"""A Page's posts, as far as videos make them, and the pictures of videos."""

# mypy: disable-error-code="no-untyped-call"

from typing import Any

import pytest
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from testkit.emulator import Emulator
from testkit.meta import (
    ANA,
    APP_ID,
    APP_SECRET,
    BAKERY,
    BEN,
    person_token,
    refusal,
)
from tests.emulator.meta.publisher import PNG, Publisher
from tests.emulator.stranger import some_bytes

PUBLISHED = ("feed", "posts", "published_posts")
HOUR = 3600


@pytest.fixture(autouse=True)
def _at_once(emulator: Emulator) -> None:
    emulator.switch(page_processing_seconds=0.0)


def ids_of(bakery: Publisher, edge: str, **params: str) -> list[str]:
    answer = bakery.ask("GET", f"{bakery.page}/{edge}", params=params)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def post_of(bakery: Publisher, video: str) -> str:
    return f"{bakery.page}_{bakery.video(video, 'post_id')['post_id']}"


def in_an_hour(bakery: Publisher) -> dict[str, Any]:
    now: float = bakery.emulator.state()["clock"]["now"]
    return {"published": "false", "scheduled_publish_time": str(int(now) + HOUR)}


@pytest.mark.parametrize("edge", PUBLISHED)
def test_what_is_published_has_a_post_newest_first(bakery: Publisher, edge: str) -> None:
    first, second = bakery.publish(description="Rolls"), bakery.publish_reel()
    bakery.publish(published="false")
    bakery.publish(no_story="true")
    bakery.publish(**in_an_hour(bakery))
    posts = [post_of(bakery, second), post_of(bakery, first)]
    assert ids_of(bakery, edge) == posts
    assert ids_of(bakery, edge, limit="1") == posts[:1]
    assert ids_of(bakery, edge, until="5") == []


def test_a_post_is_read_by_its_id(bakery: Publisher) -> None:
    video = bakery.publish(title="Rolls", description="Fresh rolls")
    fields = "message,permalink_url,from{name},is_published,attachments{media_type,target{id}}"
    post = bakery.ask("GET", post_of(bakery, video), params={"fields": fields}).json()
    assert post == {
        "id": post_of(bakery, video),
        "message": "Fresh rolls",
        "permalink_url": f"https://www.facebook.com/{bakery.page}/videos/{video}/",
        "from": {"name": BAKERY},
        "is_published": True,
        "attachments": {"data": [{"media_type": "video", "target": {"id": video}}]},
    }
    usual = bakery.ask("GET", post_of(bakery, video)).json()
    assert usual.keys() == {"id", "message", "created_time"}


def test_a_scheduled_video_is_a_scheduled_post_until_its_moment(bakery: Publisher) -> None:
    video = bakery.publish(description="Soon", **in_an_hour(bakery))
    (row,) = bakery.ask(
        "GET",
        f"{bakery.page}/scheduled_posts",
        params={"fields": "id,message,scheduled_publish_time,is_published"},
    ).json()["data"]
    assert (row["message"], row["is_published"]) == ("Soon", False)
    assert ids_of(bakery, "feed") == []
    assert bakery.ask("GET", row["id"]).json()["message"] == "Soon"
    bakery.emulator.advance(HOUR + 1)
    assert ids_of(bakery, "scheduled_posts") == []
    assert ids_of(bakery, "published_posts") == [row["id"]] == [post_of(bakery, video)]


def test_posts_are_for_those_who_have_to_do_with_the_page(bakery: Publisher) -> None:
    post = post_of(bakery, bakery.publish())
    ben = Publisher(bakery.emulator, bakery.page, person_token(bakery.emulator, BEN))
    assert refusal(ben.ask("GET", f"{bakery.page}/feed")) == (10, None)
    assert refusal(ben.ask("GET", post)) == (10, None)
    assert refusal(bakery.ask("GET", f"{bakery.page}_1")) == (100, 33)
    unread = person_token(bakery.emulator, ANA, permissions=["pages_show_list"])
    ana = Publisher(bakery.emulator, bakery.page, unread)
    assert refusal(ana.ask("GET", f"{bakery.page}/feed")) == (10, None)


def test_a_draft_has_no_post(bakery: Publisher) -> None:
    video = bakery.publish(published="false")
    assert "post_id" not in bakery.video(video, "post_id")


def test_text_is_not_posted_here(bakery: Publisher) -> None:
    answer = bakery.ask("POST", f"{bakery.page}/feed", data={"message": "Hello"})
    assert refusal(answer) == (100, 33)
    assert answer.json()["error"]["message"].startswith("Unsupported post request.")


def test_a_video_lists_its_pictures(bakery: Publisher) -> None:
    video = bakery.publish(some_bytes(2048))
    path = f"{video}/thumbnails"
    (taken,) = bakery.ask("GET", path).json()["data"]
    assert taken["is_preferred"] is True
    assert taken.keys() >= {"id", "uri", "height", "width", "scale", "name"}
    bakery.ask("POST", path, files={"source": ("a.png", PNG)})
    rows = bakery.ask("GET", path, params={"fields": "is_preferred"}).json()["data"]
    assert [row["is_preferred"] for row in rows] == [False, True]
    assert refusal(bakery.ask("GET", "123456/thumbnails")) == (100, 33)


@pytest.fixture
def sdk(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> FacebookAdsApi:
    monkeypatch.setattr(FacebookSession, "GRAPH", emulator.url)
    session = FacebookSession(APP_ID, APP_SECRET, Publisher.of(emulator).token)
    return FacebookAdsApi(session, api_version="v27.0")


def test_facebooks_own_library_reads_posts_and_pictures(
    bakery: Publisher, sdk: FacebookAdsApi
) -> None:
    video = bakery.publish(description="Rolls")
    page = Page(bakery.page, api=sdk)
    for read in (page.get_posts, page.get_feed, page.get_published_posts):
        (post,) = read(fields=["message", "created_time"])
        assert (post["id"], post["message"]) == (post_of(bakery, video), "Rolls")
    assert list(page.get_scheduled_posts()) == []
