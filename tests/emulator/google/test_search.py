"""`search.list`: what is found, what is refused, and its bucket."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.emulator.google.conftest import by_key, public
from tests.emulator.stranger import Stranger, reason

SEARCH = "/youtube/v3/search?part=snippet"


def titles(client: Stranger, query: str) -> list[str]:
    answer = client.ask("GET", f"{SEARCH}&{query}")
    assert answer.is_success, answer.text
    return [item["snippet"]["title"] for item in answer.json()["items"]]


def test_public_videos_are_found_by_their_words_newest_first(ana: Stranger) -> None:
    ana.upload(**public("Bread at home"))
    ana.upload(**public("Cake", description="no bread at all"))
    ana.upload(**public("Soup", tags=["broth"]))
    ana.upload()
    assert titles(ana, "type=video") == ["Soup", "Cake", "Bread at home"]
    assert titles(ana, "type=video&q=BREAD") == ["Cake", "Bread at home"]
    assert titles(ana, "type=video&q=bread+-cake") == ["Bread at home"]
    assert titles(ana, "type=video&q=broth%7Chome") == ["Soup", "Bread at home"]
    assert titles(ana, "type=video&q=bread&order=title") == ["Bread at home", "Cake"]
    assert titles(ana, "type=video&q=lobster") == []


def test_channels_and_playlists_are_found_too(ana: Stranger) -> None:
    ana.upload(**public("Ana bakes"))
    body = {"snippet": {"title": "Ana's best"}, "status": {"privacyStatus": "public"}}
    ana.ask("POST", "/youtube/v3/playlists?part=snippet,status", json=body)
    answer = ana.ask("GET", f"{SEARCH}&q=ana").json()
    kinds = [item["id"]["kind"] for item in answer["items"]]
    assert kinds == ["youtube#playlist", "youtube#video", "youtube#channel"]
    assert {item["kind"] for item in answer["items"]} == {"youtube#searchResult"}
    assert answer["regionCode"] == "US"
    assert titles(ana, "q=ana&type=channel,playlist") == ["Ana's best", "Ana Cooks"]


def test_mine_are_also_those_that_nobody_else_sees(ana: Stranger, ben: Stranger) -> None:
    ana.upload()
    assert titles(ana, "type=video&forMine=true") == ["A video"]
    assert titles(ben, "type=video&forMine=true") == []
    assert titles(ana, "type=video") == []


def test_videos_are_found_by_channel_time_and_their_own_facts(ana: Stranger, ben: Stranger) -> None:
    ana.upload(**public("Hers", categoryId="10"))
    ana.emulator.advance(1000)
    moment = ana.emulator.state()["clock"]["now"]
    ben.upload(**public("His"))
    channel = ana.emulator.channel("Ana Cooks")["id"]
    assert titles(ana, f"type=video&channelId={channel}") == ["Hers"]
    at = _timestamp(moment - 500)
    assert titles(ana, f"type=video&publishedAfter={at}") == ["His"]
    assert titles(ana, f"type=video&publishedBefore={at}") == ["Hers"]
    assert titles(ana, "type=video&videoCategoryId=10") == ["Hers"]
    assert titles(ana, "type=video&videoLicense=creativeCommon") == []
    assert titles(ana, "type=video&videoCaption=none&videoDefinition=high") == ["His", "Hers"]


def test_results_come_page_by_page(ana: Stranger) -> None:
    for n in range(3):
        ana.upload(**public(f"Video {n}"))
    first = ana.ask("GET", f"{SEARCH}&type=video&maxResults=2").json()
    assert first["pageInfo"] == {"totalResults": 3, "resultsPerPage": 2}
    assert titles(ana, f"type=video&maxResults=2&pageToken={first['nextPageToken']}") == ["Video 0"]


def test_what_a_search_finds_can_lag_behind(ana: Stranger) -> None:
    ana.emulator.switch(listing_lag_seconds=60.0)
    ana.upload(**public("New"))
    assert titles(ana, "type=video") == []
    ana.emulator.advance(61)
    assert titles(ana, "type=video") == ["New"]


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("forMine=true", 400, "invalidSearchFilter"),
        ("videoLicense=youtube&type=video,channel", 400, "invalidSearchFilter"),
        ("forMine=true&forDeveloper=false&type=video", 400, "incompatibleParameters"),
        ("forContentOwner=true&type=video", 403, "accountDelegationForbidden"),
        ("eventType=live&type=video", 501, "notImplemented"),
        ("location=1,2&locationRadius=1km&type=video", 501, "notImplemented"),
    ],
)
def test_a_search_that_will_not_do_is_refused(
    ana: Stranger, query: str, status: int, word: str
) -> None:
    answer = ana.ask("GET", f"{SEARCH}&{query}")
    assert (answer.status_code, reason(answer)) == (status, word)


def test_searches_have_a_bucket_of_their_own(ana: Stranger) -> None:
    ana.emulator.switch(searches_per_day=2, units_per_day=0)
    assert [ana.ask("GET", SEARCH).status_code for _ in range(3)] == [200, 200, 429]
    refused = ana.ask("GET", SEARCH)
    assert reason(refused) == "rateLimitExceeded"
    assert "per day" in refused.json()["error"]["message"]
    quota: dict[str, Any] = ana.emulator.state()["quota"]
    assert (quota["searches_used"], quota["searches_per_day"], quota["units_used"]) == (2, 2, 0)
    assert ana.start(1).status_code == 200
    ana.emulator.advance(86_400)
    assert ana.connect().ask("GET", SEARCH).status_code == 200


def test_a_key_searches_but_finds_nothing_of_its_own(ana: Stranger) -> None:
    ana.upload(**public("Shown"))
    found = by_key(ana.emulator, "search?part=snippet&type=video").json()["items"]
    assert [item["snippet"]["title"] for item in found] == ["Shown"]
    mine = by_key(ana.emulator, "search?part=snippet&type=video&forMine=true")
    assert (mine.status_code, reason(mine)) == (401, "authorizationRequired")


def _timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
