"""The documented filters of lists: served, or refused in YouTube's words."""

import pytest

from testkit.emulator import Emulator
from tests.emulator.google.conftest import API_KEY, by_key, ids, public
from tests.emulator.stranger import Stranger, reason

CHANNELS, VIDEOS = "/youtube/v3/channels?part=id,snippet", "/youtube/v3/videos?part=id"


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "1"])
def test_mine_is_true_however_it_is_written(ana: Stranger, value: str) -> None:
    own = ana.emulator.channel("Ana Cooks")["id"]
    assert ids(ana.ask("GET", f"{CHANNELS}&mine={value}")) == [own]
    made = ana.ask(
        "POST", "/youtube/v3/playlists?part=id,snippet", json={"snippet": {"title": "p"}}
    )
    mine = ana.ask("GET", f"/youtube/v3/playlists?part=id&mine={value}")
    assert ids(mine) == [made.json()["id"]]


@pytest.mark.parametrize("value", ["false", "False", "0"])
def test_mine_that_is_false_is_no_filter(ana: Stranger, value: str) -> None:
    answer = ana.ask("GET", f"{CHANNELS}&mine={value}")
    assert (answer.status_code, reason(answer)) == (400, "missingRequiredParameter")


@pytest.mark.parametrize("handle", ["@anacooks", "anacooks", "@AnaCooks", "%40anacooks"])
def test_a_channel_is_found_by_its_handle(ben: Stranger, handle: str) -> None:
    own = ben.emulator.channel("Ana Cooks")["id"]
    found = ben.ask("GET", f"{CHANNELS}&forHandle={handle}")
    assert ids(found) == [own]
    assert found.json()["items"][0]["snippet"]["customUrl"] == "@anacooks"
    assert ids(ben.ask("GET", f"{CHANNELS}&forUsername=AnaCooks")) == [own]


def test_a_handle_that_nobody_has_finds_nothing(ana: Stranger) -> None:
    assert "items" not in ana.ask("GET", f"{CHANNELS}&forHandle=@nobody").json()


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("channels?part=id&managedByMe=true", 403, "forbidden"),
        ("channels?part=id&mySubscribers=true", 501, "notImplemented"),
        ("channels?part=id&categoryId=GC", 501, "notImplemented"),
        ("channels?part=id&mine=true&forHandle=@a", 400, "invalidCriteria"),
        ("videos?part=id&myRating=like", 501, "notImplemented"),
        ("videos?part=id&id=x&chart=mostPopular", 400, "incompatibleParameters"),
        ("videos?part=player&id=x&maxHeight=100", 501, "notImplemented"),
        ("playlists?part=id", 400, "missingRequiredParameter"),
        ("playlists?part=id&mine=true&id=x", 400, "incompatibleParameters"),
        ("playlists?part=id&channelId=UCnobody", 404, "channelNotFound"),
        ("playlistItems?part=id", 400, "missingRequiredParameter"),
        ("playlistItems?part=id&videoId=x", 400, "missingRequiredParameter"),
        ("playlistItems?part=id&id=x&playlistId=y", 400, "incompatibleParameters"),
        ("playlistItems?part=id&playlistId=PLnone", 404, "playlistNotFound"),
        ("captions?part=id&videoId=none", 404, "videoNotFound"),
        ("videoCategories?part=snippet", 400, "missingRequiredParameter"),
        ("videoCategories?part=snippet&id=1&regionCode=US", 400, "incompatibleParameters"),
    ],
)
def test_a_filter_that_is_not_served_is_refused(
    ana: Stranger, path: str, status: int, word: str
) -> None:
    answer = ana.ask("GET", f"/youtube/v3/{path}")
    assert (answer.status_code, reason(answer)) == (status, word)


def test_the_words_of_a_missing_filter_are_youtubes(ana: Stranger) -> None:
    error = ana.ask("GET", VIDEOS).json()["error"]
    assert error["message"] == "No filter selected. Expected one of: id, chart, myRating"
    assert error["errors"][0]["domain"] == "youtube.parameter"


def test_the_chart_lists_public_videos_that_are_processed(ana: Stranger) -> None:
    ana.emulator.switch(processing_seconds=60.0)
    music = ana.upload(**public("Song", categoryId="10"))["id"]
    talk = ana.upload(**public("Talk"))["id"]
    ana.upload()
    chart = f"{VIDEOS}&chart=mostPopular"
    assert ids(ana.ask("GET", chart)) == []
    ana.emulator.advance(61)
    late = ana.upload(**public("Late"))["id"]
    assert ids(ana.ask("GET", chart)) == [talk, music]
    assert ids(ana.ask("GET", f"{chart}&videoCategoryId=10")) == [music]
    first = ana.ask("GET", f"{chart}&maxResults=1").json()
    assert [item["id"] for item in first["items"]] == [talk]
    assert ids(ana.ask("GET", f"{chart}&maxResults=1&pageToken={first['nextPageToken']}")) == [
        music
    ]
    assert late not in ids(ana.ask("GET", chart))


def test_categories_are_those_of_a_region_or_those_with_the_ids(ana: Stranger) -> None:
    path = "/youtube/v3/videoCategories?part=snippet"
    listed = {
        c["id"]: c["snippet"] for c in ana.ask("GET", f"{path}&regionCode=DE").json()["items"]
    }
    assert listed["22"]["title"] == "People & Blogs"
    assert listed["22"]["assignable"]
    assert not listed["30"]["assignable"]
    assert ids(ana.ask("GET", f"{path}&id=10,22&id=9999")) == ["10", "22"]


def test_localized_is_in_the_language_asked_for(ana: Stranger) -> None:
    snippet = {"title": "Bread", "description": "d", "defaultLanguage": "en"}
    german = {"de": {"title": "Brot", "description": "b"}}
    video = ana.upload(part="snippet,localizations", snippet=snippet, localizations=german)["id"]

    def localized(extra: str) -> str:
        answer = ana.ask("GET", f"/youtube/v3/videos?part=snippet&id={video}{extra}").json()
        title: str = answer["items"][0]["snippet"]["localized"]["title"]
        return title

    assert [localized(""), localized("&hl=de"), localized("&hl=fr")] == ["Bread", "Brot", "Bread"]


def test_a_key_reads_what_is_public_and_unlisted_videos_by_their_id(ana: Stranger) -> None:
    shown = ana.upload(**public("Shown"))["id"]
    unlisted = ana.upload(snippet={"title": "Unlisted"}, status={"privacyStatus": "unlisted"})["id"]
    private = ana.upload()["id"]
    found = by_key(ana.emulator, f"videos?part=id&id={shown},{unlisted},{private}")
    assert ids(found) == [shown, unlisted]
    uploads = ana.emulator.channel("Ana Cooks")["uploads_playlist"]
    listed = by_key(ana.emulator, f"playlistItems?part=contentDetails&playlistId={uploads}").json()
    assert [item["contentDetails"]["videoId"] for item in listed["items"]] == [shown]
    assert ids(by_key(ana.emulator, "channels?part=id&forHandle=@anacooks"))


def test_a_key_comes_in_a_header_too(emulator: Emulator) -> None:
    path = "/youtube/v3/videoCategories?part=snippet&regionCode=US"
    assert emulator.http.get(path, headers={"X-Goog-Api-Key": API_KEY}).is_success
    wrong = emulator.http.get(path, headers={"X-Goog-Api-Key": "wrong"})
    assert wrong.status_code == 400


def test_the_key_is_printed_on_the_first_page(emulator: Emulator) -> None:
    assert API_KEY in emulator.http.get("/").text


@pytest.mark.parametrize("with_token", [True, False])
def test_an_unknown_key_is_refused_even_beside_a_token(ana: Stranger, with_token: bool) -> None:
    headers = ana.bearer if with_token else {}
    answer = ana.emulator.http.get(f"{VIDEOS}&id=x&key=AIzaNo", headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == "API key not valid. Please pass a valid API key."
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize("path", ["channels?part=id&mine=true", "playlists?part=id&mine=true"])
def test_a_key_is_nobodys_so_nothing_is_mine(emulator: Emulator, path: str) -> None:
    answer = by_key(emulator, path)
    assert (answer.status_code, reason(answer)) == (401, "authorizationRequired")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "captions?part=id&videoId=x"),
        ("DELETE", "videos?id=x"),
        ("PUT", "videos?part=snippet"),
        ("POST", "playlists?part=snippet"),
    ],
)
def test_a_key_neither_writes_nor_reads_captions(emulator: Emulator, verb: str, path: str) -> None:
    answer = emulator.http.request(verb, f"/youtube/v3/{path}&key={API_KEY}")
    assert (answer.status_code, reason(answer)) == (401, "required")


def test_a_key_does_not_see_the_owners_parts(ana: Stranger) -> None:
    video = ana.upload(**public("Shown"))["id"]
    answer = by_key(ana.emulator, f"videos?part=processingDetails&id={video}")
    assert (answer.status_code, reason(answer)) == (403, "forbidden")


@pytest.mark.parametrize("name", ["access_token", "oauth_token"])
def test_a_token_may_come_in_the_query(ana: Stranger, name: str) -> None:
    path = f"{CHANNELS}&mine=true&{name}={ana.access_token}"
    assert ids(ana.emulator.http.get(path)) == [ana.emulator.channel("Ana Cooks")["id"]]
