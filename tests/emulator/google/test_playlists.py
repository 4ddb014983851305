"""Playlists and what is in them, through Google's own client."""

import json
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulator.google.conftest import client_of, ids, public
from tests.emulator.stranger import Stranger, reason

TITLE = {"snippet": {"title": "t"}}


def make(youtube: Any, title: str = "Mine", privacy: str = "public") -> str:
    body = {"snippet": {"title": title}, "status": {"privacyStatus": privacy}}
    made = youtube.playlists().insert(part="snippet,status", body=body).execute()
    return str(made["id"])


def add(youtube: Any, playlist: str, video: str, **snippet: Any) -> dict[str, Any]:
    named = {"playlistId": playlist, "resourceId": {"kind": "youtube#video", "videoId": video}}
    body = {"snippet": {**named, **snippet}}
    item: dict[str, Any] = youtube.playlistItems().insert(part="snippet", body=body).execute()
    return item


def order(youtube: Any, playlist: str) -> list[str]:
    listed = youtube.playlistItems().list(part="contentDetails", playlistId=playlist).execute()
    return [item["contentDetails"]["videoId"] for item in listed["items"]]


def word_of(caught: pytest.ExceptionInfo[HttpError]) -> str:
    word: str = json.loads(caught.value.content)["error"]["errors"][0]["reason"]
    return word


def test_playlists_come_page_by_page_as_many_as_asked_for(youtube: Any) -> None:
    made = [make(youtube, f"List {n}") for n in range(7)]
    request = youtube.playlists().list(part="id", mine=True, maxResults=3)
    pages: list[list[str]] = []
    last: dict[str, Any] = {}
    while request is not None:
        answer = request.execute()
        assert answer["pageInfo"] == {"totalResults": 7, "resultsPerPage": 3}
        pages.append([item["id"] for item in answer["items"]])
        last, request = answer, youtube.playlists().list_next(request, answer)
    assert pages == [made[:3:-1], made[3:0:-1], made[:1]]
    back = youtube.playlists().list(
        part="id", mine=True, maxResults=3, pageToken=last["prevPageToken"]
    )
    assert [item["id"] for item in back.execute()["items"]] == pages[1]
    assert len(youtube.playlists().list(part="id", mine=True).execute()["items"]) == 5
    assert youtube.playlists().list(part="id", mine=True, maxResults=0).execute()["items"] == []


def test_others_see_public_playlists_and_unlisted_ones_by_their_id(
    youtube: Any, ben: Stranger
) -> None:
    shown, unlisted, private = (make(youtube, "p", p) for p in ("public", "unlisted", "private"))
    channel = ben.emulator.channel("Ana Cooks")["id"]
    path = "/youtube/v3/playlists?part=id"
    assert ids(ben.ask("GET", f"{path}&channelId={channel}")) == [shown]
    assert ids(ben.ask("GET", f"{path}&id={shown},{unlisted},{private}")) == [shown, unlisted]
    items = "/youtube/v3/playlistItems?part=id&playlistId="
    refused = ben.ask("GET", f"{items}{private}")
    assert (refused.status_code, reason(refused)) == (403, "playlistItemsNotAccessible")
    assert ben.ask("GET", f"{items}{unlisted}").is_success


def test_the_playlist_of_uploads_is_read_by_its_id_and_cannot_be_changed(
    ana: Stranger, youtube: Any
) -> None:
    video = ana.upload()["id"]
    uploads = ana.emulator.channel("Ana Cooks")["uploads_playlist"]
    [found] = youtube.playlists().list(part="snippet", id=uploads).execute()["items"]
    assert found["snippet"]["title"] == "Uploads from Ana Cooks"
    body = {"id": uploads, "snippet": {"title": "t"}}
    item = youtube.playlistItems().list(part="id", playlistId=uploads).execute()["items"][0]["id"]
    for change in (
        lambda: add(youtube, uploads, video),
        youtube.playlists().delete(id=uploads).execute,
        youtube.playlists().update(part="snippet", body=body).execute,
        youtube.playlistItems().delete(id=item).execute,
    ):
        with pytest.raises(HttpError) as caught:
            change()
        assert (caught.value.status_code, word_of(caught)) == (400, "playlistOperationUnsupported")


def test_a_playlist_is_changed_part_by_part_and_deleted(ana: Stranger, youtube: Any) -> None:
    playlist = make(youtube, "Old", "private")
    snippet = {"title": "New", "description": "d", "defaultLanguage": "en"}
    german = {"de": {"title": "Neu", "description": ""}}
    body = {"id": playlist, "snippet": snippet, "localizations": german}
    changed = youtube.playlists().update(part="snippet,localizations", body=body).execute()
    assert snippet.items() <= changed["snippet"].items()
    [read] = (
        youtube.playlists()
        .list(part="snippet,status,localizations", id=playlist, hl="de")
        .execute()["items"]
    )
    assert read["snippet"]["localized"]["title"] == "Neu"
    assert read["status"]["privacyStatus"] == "private"
    status = {"privacyStatus": "unlisted", "podcastStatus": "enabled"}
    body = {"id": playlist, "status": status}
    assert youtube.playlists().update(part="status", body=body).execute()["status"] == status

    assert youtube.playlists().delete(id=playlist).execute() == ""
    gone = ana.ask("DELETE", f"/youtube/v3/playlists?id={playlist}")
    assert (gone.status_code, reason(gone)) == (404, "playlistNotFound")


@pytest.mark.parametrize(
    ("part", "body", "word"),
    [
        ("snippet", {"snippet": {"description": "d"}}, "playlistTitleRequired"),
        ("snippet", {"snippet": {"title": "a <b>"}}, "invalidPlaylistSnippet"),
        ("snippet", {"snippet": {"title": "x" * 151}}, "invalidPlaylistSnippet"),
        (
            "snippet,status",
            {**TITLE, "status": {"privacyStatus": "secret"}},
            "badRequest",
        ),
        (
            "snippet",
            {**TITLE, "status": {"privacyStatus": "public"}},
            "unexpectedPart",
        ),
        (
            "snippet,localizations",
            {**TITLE, "localizations": {"de": {"title": "T"}}},
            "defaultLanguageNotSet",
        ),
    ],
)
def test_a_playlist_that_will_not_do_is_neither_made_nor_changed(
    ana: Stranger, youtube: Any, part: str, body: dict[str, Any], word: str
) -> None:
    path = f"/youtube/v3/playlists?part={part}"
    made = ana.ask("POST", path, json=body)
    assert (made.status_code, reason(made)) == (400, word)
    playlist = make(youtube, "Before")
    changed = ana.ask("PUT", path, json={"id": playlist, **body})
    assert (changed.status_code, reason(changed)) == (400, word)
    [read] = youtube.playlists().list(part="snippet", mine=True).execute()["items"]
    assert read["snippet"]["title"] == "Before"


def test_items_are_moved_noted_and_taken_out(ana: Stranger, youtube: Any) -> None:
    playlist, videos = make(youtube), [ana.upload()["id"] for _ in range(3)]
    items = [add(youtube, playlist, video) for video in videos]
    body = {
        "id": items[2]["id"],
        "snippet": {**items[2]["snippet"], "position": 0},
        "contentDetails": {"note": "the best one"},
    }
    moved = youtube.playlistItems().update(part="snippet,contentDetails", body=body).execute()
    assert moved["snippet"]["position"] == 0
    assert moved["contentDetails"]["note"] == "the best one"
    assert order(youtube, playlist) == [videos[2], videos[0], videos[1]]

    # What is not named in `part` is left as it is.
    other = {"id": body["id"], "snippet": {**items[2]["snippet"], "position": 2}}
    youtube.playlistItems().update(part="id", body=other).execute()
    [kept] = (
        youtube.playlistItems()
        .list(part="snippet,contentDetails", id=items[2]["id"])
        .execute()["items"]
    )
    assert (kept["snippet"]["position"], kept["contentDetails"]["note"]) == (0, "the best one")

    read = youtube.playlistItems().list(part="snippet", id=[items[0]["id"], items[1]["id"]])
    assert [item["snippet"]["position"] for item in read.execute()["items"]] == [1, 2]
    found = youtube.playlistItems().list(part="id", playlistId=playlist, videoId=videos[1])
    assert [item["id"] for item in found.execute()["items"]] == [items[1]["id"]]

    youtube.playlistItems().delete(id=items[0]["id"]).execute()
    assert order(youtube, playlist) == [videos[2], videos[1]]
    with pytest.raises(HttpError) as caught:
        youtube.playlistItems().delete(id=items[0]["id"]).execute()
    assert (caught.value.status_code, word_of(caught)) == (404, "playlistItemNotFound")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"position": 2}, "invalidPlaylistItemPosition"),
        ({"position": -1}, "invalidPlaylistItemPosition"),
        ({"playlistId": "PLother"}, "invalidSnippet"),
        ({"playlistId": ""}, "playlistIdRequired"),
        ({"resourceId": {}}, "resourceIdRequired"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(
    ana: Stranger, youtube: Any, change: dict[str, Any], word: str
) -> None:
    playlist, videos = make(youtube), [ana.upload()["id"] for _ in range(2)]
    items = [add(youtube, playlist, video) for video in videos]
    body = {"id": items[0]["id"], "snippet": {**items[0]["snippet"], **change}}
    with pytest.raises(HttpError) as caught:
        youtube.playlistItems().update(part="snippet", body=body).execute()
    assert (caught.value.status_code, word_of(caught)) == (400, word)
    assert order(youtube, playlist) == videos


def test_only_the_owner_changes_a_playlist(ana: Stranger, youtube: Any, ben: Stranger) -> None:
    playlist, video = make(youtube), ana.upload(**public("Hers"))["id"]
    item = add(youtube, playlist, video)
    body = {"id": playlist, "snippet": {"title": "His"}}
    for verb, path, sent, word in [
        ("PUT", "playlists?part=snippet", body, "playlistForbidden"),
        ("DELETE", f"playlists?id={playlist}", None, "playlistForbidden"),
        ("PUT", "playlistItems?part=snippet", item, "playlistItemsNotAccessible"),
        ("DELETE", f"playlistItems?id={item['id']}", None, "playlistItemsNotAccessible"),
    ]:
        refused = ben.ask(verb, f"/youtube/v3/{path}", json=sent)
        assert (refused.status_code, reason(refused)) == (403, word)


def test_a_key_reads_public_playlists_with_googles_client(ana: Stranger, youtube: Any) -> None:
    playlist = make(youtube)
    add(youtube, playlist, ana.upload(**public("Shown"))["id"])
    reader = client_of(ana.emulator, developerKey="castline-emulator-api-key")
    assert len(order(reader, playlist)) == 1
