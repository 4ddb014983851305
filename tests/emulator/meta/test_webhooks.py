"""Apps are called about the videos of Pages, if they ask for it."""

import hashlib
import hmac
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from testkit.emulator import Emulator
from testkit.meta import (
    APP_ID,
    APP_SECRET,
    APP_TOKEN,
    BAKERY,
    SCOPES,
    page_id,
    page_rows,
    person_token,
    refusal,
)
from tests.emulator.meta.listener import WORD, Listener
from tests.emulator.meta.publisher import Publisher
from tests.support.machine import eventually

METADATA = "pages_manage_metadata"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


def metadata_publisher(emulator: Emulator) -> Publisher:
    token = person_token(emulator, scope=",".join([*SCOPES, METADATA]))
    rows = page_rows(emulator, token)
    return Publisher(emulator, page_id(emulator, BAKERY), rows[BAKERY]["access_token"])


@pytest.fixture
def shop(emulator: Emulator) -> Publisher:
    """A client of the bakery that may manage its webhooks."""
    return metadata_publisher(emulator)


def subscribe(emulator: Emulator, address: str, **form: str) -> httpx2.Response:
    usual = {
        "object": "page",
        "callback_url": address,
        "fields": "feed,videos",
        "verify_token": WORD,
        "access_token": APP_TOKEN,
    }
    return emulator.http.post(f"/v27.0/{APP_ID}/subscriptions", data={**usual, **form})


def install(shop: Publisher, fields: str = "feed,videos") -> None:
    answer = shop.ask("POST", f"{shop.page}/subscribed_apps", data={"subscribed_fields": fields})
    assert answer.json() == {"success": True}, answer.text


def test_an_app_is_called_when_a_video_is_processed_and_live(
    shop: Publisher, listener: Listener
) -> None:
    assert subscribe(shop.emulator, listener.url).json() == {"success": True}
    install(shop)
    shop.emulator.switch(page_processing_seconds=1000.0)
    video = shop.publish(description="Rolls")
    assert shop.status(video)["video_status"] == "processing"
    assert listener.requests == []
    shop.emulator.advance(1000)
    eventually(lambda: len(listener.requests) == 2)
    assert listener.values_of("videos") == [{"id": video, "status": {"video_status": "ready"}}]
    (told,) = listener.values_of("feed")
    assert (told["item"], told["verb"], told["video_id"]) == ("video", "add", video)
    assert told["post_id"] == f"{shop.page}_{shop.video(video, 'post_id')['post_id']}"
    assert {entry["id"] for entry in listener.entries} == {shop.page}
    for headers, body in listener.requests:
        expected = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["x-hub-signature-256"] == f"sha256={expected}"


def test_a_processing_error_is_told_and_no_post(shop: Publisher, listener: Listener) -> None:
    subscribe(shop.emulator, listener.url)
    install(shop)
    shop.emulator.switch(page_processing_seconds=0.0)
    shop.emulator.fault("page_videos.finish", "processing_error")
    video = shop.publish()
    eventually(lambda: listener.requests)
    assert listener.values_of("videos") == [{"id": video, "status": {"video_status": "error"}}]
    assert listener.values_of("feed") == []


def test_a_call_that_fails_is_made_again_and_then_given_up(
    shop: Publisher, listener: Listener
) -> None:
    subscribe(shop.emulator, listener.url)
    install(shop, "videos")
    shop.emulator.switch(page_processing_seconds=0.0)
    listener.answers.extend([500, 302])
    video = shop.publish()
    eventually(lambda: shop.emulator.state()["webhook_deliveries"])
    assert shop.emulator.state()["webhook_deliveries"] == [
        {
            "app": APP_ID,
            "page": shop.page,
            "video": video,
            "field": "videos",
            "attempts": 3,
            "status": 200,
            "delivered": True,
        }
    ]
    listener.answers.extend([500] * 4)
    shop.publish()
    eventually(lambda: len(shop.emulator.state()["webhook_deliveries"]) == 2)
    given_up = shop.emulator.state()["webhook_deliveries"][1]
    assert (given_up["delivered"], given_up["attempts"], given_up["status"]) == (False, 4, 500)
    assert len(listener.requests) == 7


def test_only_what_is_asked_for_on_both_sides_is_told(shop: Publisher, listener: Listener) -> None:
    shop.emulator.switch(page_processing_seconds=0.0)
    shop.publish()  # before anybody asked
    subscribe(shop.emulator, listener.url, fields='["videos","mention"]')
    install(shop, "feed,videos")
    shop.publish(no_story="true")
    video = shop.publish()
    eventually(lambda: listener.requests)
    assert [value["id"] for value in listener.values_of("videos")] == [video]
    assert listener.values_of("feed") == []


def test_subscriptions_are_listed_and_ended(shop: Publisher, listener: Listener) -> None:
    path, token = f"/v27.0/{APP_ID}/subscriptions", {"access_token": APP_TOKEN}
    subscribe(shop.emulator, listener.url)
    (row,) = shop.emulator.http.get(path, params=token).json()["data"]
    assert row == {
        "object": "page",
        "callback_url": listener.url,
        "active": True,
        "fields": [{"name": "feed", "version": "v27.0"}, {"name": "videos", "version": "v27.0"}],
    }
    some = {**token, "object": "page", "fields": "feed"}
    assert shop.emulator.http.delete(path, params=some).json() == {"success": True}
    (row,) = shop.emulator.http.get(path, params=token).json()["data"]
    assert [entry["name"] for entry in row["fields"]] == ["videos"]
    shop.emulator.http.delete(path, params=token)
    assert shop.emulator.http.get(path, params=token).json() == {"data": []}


def test_an_app_is_put_on_a_page_and_taken_off(shop: Publisher) -> None:
    path = f"{shop.page}/subscribed_apps"
    assert shop.ask("GET", path).json() == {"data": []}
    install(shop, "feed")
    (row,) = shop.ask("GET", path).json()["data"]
    assert (row["id"], row["subscribed_fields"]) == (APP_ID, ["feed"])
    expanded = shop.ask("GET", shop.page, params={"fields": "subscribed_apps"}).json()
    assert expanded["subscribed_apps"]["data"] == [row]
    assert shop.ask("DELETE", path).json() == {"success": True}
    assert shop.ask("GET", path).json() == {"data": []}


def test_an_address_proves_itself_first(emulator: Emulator, listener: Listener) -> None:
    assert refusal(subscribe(emulator, listener.url, verify_token="wrong")) == (2200, None)
    assert refusal(subscribe(emulator, "http://127.0.0.1:9/hooks")) == (2200, None)
    assert refusal(subscribe(emulator, "http://192.0.2.1/hooks")) == (2200, None)
    assert refusal(subscribe(emulator, "https://hooks.example/hooks")) == (2200, None)
    listener.challenge = "something else"
    assert refusal(subscribe(emulator, listener.url)) == (2201, None)


@pytest.mark.parametrize("challenge", [b"\xff\xfe", b"x" * 10_000_000])
def test_a_response_that_is_no_text_is_not_the_challenge(
    emulator: Emulator, listener: Listener, challenge: bytes
) -> None:
    listener.challenge = challenge
    answer = subscribe(emulator, listener.url)
    assert refusal(answer) == (2201, None)
    assert len(answer.text) < 1000


def test_who_may_not_subscribe_is_told_why(
    bakery: Publisher, shop: Publisher, listener: Listener
) -> None:
    emulator, path = bakery.emulator, f"{bakery.page}/subscribed_apps"
    for token in (shop.token, f"{APP_ID}|wrong"):
        assert subscribe(emulator, listener.url, access_token=token).status_code == 400
    assert refusal(subscribe(emulator, listener.url, object="user")) == (100, None)
    assert refusal(subscribe(emulator, listener.url, fields="nonsense")) == (100, None)
    assert refusal(subscribe(emulator, listener.url, fields="")) == (100, None)
    wrong = {"subscribed_fields": "feed,nonsense"}
    answer = shop.ask("POST", path, data=wrong)
    assert answer.json()["error"]["message"].startswith(
        "(#100) Param subscribed_fields[1] must be one of {"
    )
    assert refusal(shop.ask("POST", path)) == (100, None)
    person = Publisher(emulator, bakery.page, person_token(emulator))
    assert refusal(person.ask("POST", path, data={"subscribed_fields": "feed"})) == (210, None)


def test_webhooks_need_their_permission(bakery: Publisher) -> None:
    answer = bakery.ask(
        "POST", f"{bakery.page}/subscribed_apps", data={"subscribed_fields": "feed"}
    )
    assert refusal(answer) == (200, None)
    assert METADATA in answer.json()["error"]["message"]


def test_a_receiver_that_hangs_delays_nobody(shop: Publisher, listener: Listener) -> None:
    subscribe(shop.emulator, listener.url)
    install(shop)
    shop.emulator.switch(page_processing_seconds=0.0)
    listener.answers.extend([500] * 8)
    videos = [shop.publish() for _ in range(2)]
    assert all(shop.video(video)["published"] for video in videos)


def test_a_reset_ends_what_is_being_delivered(shop: Publisher, listener: Listener) -> None:
    emulator = shop.emulator
    subscribe(emulator, listener.url)
    install(shop, "videos")
    emulator.switch(page_processing_seconds=0.0)
    listener.answers.extend([500] * 4)
    before = shop.publish()
    eventually(lambda: listener.requests)
    emulator.reset()
    with Listener(answers=deque([500, 500])) as other:
        again = metadata_publisher(emulator)
        subscribe(emulator, other.url)
        install(again, "videos")
        emulator.switch(page_processing_seconds=0.0)
        again.publish()
        # By the third attempt the old delivery would have been repeated, too.
        eventually(lambda: emulator.state()["webhook_deliveries"])
        assert before not in [value["id"] for value in other.values_of("videos")]


def test_subscriptions_outlive_a_restart_and_nothing_is_told_twice(
    tmp_path: Path, listener: Listener
) -> None:
    state = tmp_path / "state.json"
    first = Emulator.start(state=state)
    shop = metadata_publisher(first)
    subscribe(first, listener.url)
    install(shop, "videos")
    first.switch(page_processing_seconds=0.0)
    shop.publish()
    eventually(lambda: first.state()["webhook_deliveries"])
    first.switch(page_processing_seconds=1000.0)
    later = shop.publish()
    assert first.stop() == 0

    second = Emulator.start(state=state)
    try:
        second.advance(1000)
        eventually(lambda: len(second.state()["webhook_deliveries"]) == 2)
        assert [value["id"] for value in listener.values_of("videos")][1:] == [later]
        assert WORD not in state.read_text()
    finally:
        assert second.stop() == 0
