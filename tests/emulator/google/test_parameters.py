"""The query of a call: repeated, unknown, missing, of the wrong kind."""

from typing import Any

import pytest

from tests.emulator.stranger import Stranger, reason

VIDEO = {"snippet": {"title": "A video"}, "status": {"privacyStatus": "private"}}
REPEATED = ["part=snippet&part=status", "part=snippet,status", "part=id,snippet&part=status"]


@pytest.mark.parametrize("part", REPEATED)
def test_parts_may_be_repeated_or_comma_separated_at_a_session_start(
    ana: Stranger, part: str
) -> None:
    opened = ana.ask("POST", f"/upload/youtube/v3/videos?uploadType=resumable&{part}", json=VIDEO)
    assert opened.status_code == 200, opened.text
    video = ana.put(opened.headers["location"], b"a video").json()
    assert video["snippet"]["title"] == "A video"
    assert video["status"]["privacyStatus"] == "private"


@pytest.mark.parametrize("part", REPEATED)
def test_parts_may_be_repeated_in_a_multipart_upload(ana: Stranger, part: str) -> None:
    body = (
        b'--x\r\nContent-Type: application/json\r\n\r\n{"snippet": {"title": "A video"}, '
        b'"status": {"privacyStatus": "private"}}\r\n'
        b"--x\r\nContent-Type: video/mp4\r\n\r\nbytes\r\n--x--"
    )
    answer = ana.ask(
        "POST",
        f"/upload/youtube/v3/videos?uploadType=multipart&{part}",
        content=body,
        headers={"Content-Type": "multipart/related; boundary=x"},
    )
    assert answer.is_success, answer.text
    assert {"snippet", "status"} <= answer.json().keys()


@pytest.mark.parametrize("part", REPEATED)
@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "videos?id={video}", None),
        ("GET", "playlists?id={playlist}", None),
        ("PUT", "videos?", {"id": "{video}", "snippet": {"title": "t", "categoryId": "22"}}),
        ("POST", "playlists?", {"snippet": {"title": "t"}, "status": {"privacyStatus": "public"}}),
        ("PUT", "playlists?", {"id": "{playlist}", "snippet": {"title": "t"}}),
    ],
)
def test_parts_may_be_repeated_in_every_method(
    ana: Stranger, part: str, verb: str, path: str, body: dict[str, Any] | None
) -> None:
    video = ana.upload()["id"]
    playlist = ana.ask("POST", "/youtube/v3/playlists?part=snippet", json=body_of(title="p"))
    names = {"video": video, "playlist": playlist.json()["id"]}
    if body and "id" in body:
        body = {**body, "id": body["id"].format(**names)}
    answer = ana.ask(verb, f"/youtube/v3/{path.format(**names)}&{part}", json=body)
    assert answer.is_success, answer.text
    content = answer.json()
    [resource] = content.get("items", [content])
    assert {"snippet", "status"} <= resource.keys()


def body_of(**snippet: str) -> dict[str, Any]:
    return {"snippet": snippet}


@pytest.mark.parametrize("query", ["id={0}&id={1}", "id={0},{1}", "id={0},{1}&id={0}"])
def test_ids_may_be_repeated_or_comma_separated(ana: Stranger, query: str) -> None:
    made = [ana.upload()["id"] for _ in range(2)]
    answer = ana.ask("GET", f"/youtube/v3/videos?part=id&{query.format(*made)}").json()
    assert [item["id"] for item in answer["items"]] == made


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/youtube/v3/videos?part=snippet,colour&id=x"),
        ("GET", "/youtube/v3/channels?part=colour&mine=true"),
        ("GET", "/youtube/v3/search?part=status"),
        ("GET", "/youtube/v3/videoCategories?part=snippet,status&regionCode=US"),
        ("PUT", "/youtube/v3/videos?part=colour"),
        ("POST", "/youtube/v3/playlists?part=snippet&part=colour"),
        ("POST", "/youtube/v3/playlistItems?part=colour"),
        ("POST", "/upload/youtube/v3/videos?uploadType=resumable&part=colour"),
        ("POST", "/upload/youtube/v3/captions?uploadType=resumable&part=colour"),
    ],
)
def test_an_unknown_part_is_refused_by_name(ana: Stranger, verb: str, path: str) -> None:
    answer = ana.ask(verb, path, json=None if verb == "GET" else {})
    assert (answer.status_code, reason(answer)) == (400, "unknownPart")
    [error] = answer.json()["error"]["errors"]
    assert (error["domain"], error["location"]) == ("youtube.part", "part")


@pytest.mark.parametrize(
    ("verb", "path", "name"),
    [
        ("GET", "/youtube/v3/videos?id=x", "part"),
        ("GET", "/youtube/v3/videos?id=x&part=", "part"),
        ("GET", "/youtube/v3/search?q=x", "part"),
        ("PUT", "/youtube/v3/videos", "part"),
        ("POST", "/youtube/v3/playlists", "part"),
        ("POST", "/upload/youtube/v3/videos?uploadType=resumable", "part"),
        ("GET", "/youtube/v3/captions?part=id", "videoId"),
        ("DELETE", "/youtube/v3/videos", "id"),
        ("DELETE", "/youtube/v3/captions", "id"),
        ("POST", "/upload/youtube/v3/thumbnails/set?uploadType=media", "videoId"),
    ],
)
def test_a_missing_parameter_is_refused_by_name(
    ana: Stranger, verb: str, path: str, name: str
) -> None:
    answer = ana.ask(verb, path, json=None if verb in ("GET", "DELETE") else {})
    assert (answer.status_code, reason(answer)) == (400, "required")
    assert answer.json()["error"]["message"] == f"Required parameter: {name}"


@pytest.mark.parametrize(
    "path", ["videos?part=id&id=x", "search?part=id", "channels?part=id&mine=1"]
)
def test_an_unknown_parameter_is_refused_by_name(ana: Stranger, path: str) -> None:
    answer = ana.ask("GET", f"/youtube/v3/{path}&colour=red")
    assert (answer.status_code, reason(answer)) == (400, "badRequest")
    error = answer.json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    assert 'Unknown name "colour": Cannot bind query parameter.' in error["message"]


@pytest.mark.parametrize(
    "extra", ["alt=json", "quotaUser=me", "userIp=::1", "prettyPrint=false", "$.xgafv=1"]
)
def test_parameters_of_every_method_are_taken(ana: Stranger, extra: str) -> None:
    assert ana.ask("GET", f"/youtube/v3/channels?part=id&mine=true&{extra}").is_success


@pytest.mark.parametrize("extra", ["alt=proto", "alt=media", "callback=f", "$.xgafv=2"])
def test_other_forms_of_answers_are_not_served(ana: Stranger, extra: str) -> None:
    answer = ana.ask("GET", f"/youtube/v3/channels?part=id&mine=true&{extra}")
    assert (answer.status_code, reason(answer)) == (501, "notImplemented")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("playlists?part=id&mine=true&maxResults=51", "maxResults"),
        ("playlists?part=id&mine=true&maxResults=-1", "maxResults"),
        ("playlists?part=id&mine=true&maxResults=ten", "maxResults"),
        ("videos?part=id&chart=mostPopular&maxResults=0", "maxResults"),
        ("videos?part=id&chart=loudest", "chart"),
        ("channels?part=id&mine=maybe", "mine"),
        ("search?part=id&order=colour", "order"),
        ("search?part=id&publishedAfter=soon", "publishedAfter"),
        ("search?part=id&type=star", "type"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(ana: Stranger, query: str, name: str) -> None:
    answer = ana.ask("GET", f"/youtube/v3/{query}")
    assert (answer.status_code, reason(answer)) == (400, "invalidParameter")
    assert answer.json()["error"]["errors"][0]["location"] == name


def test_a_parameter_that_takes_one_value_is_refused_twice(ana: Stranger) -> None:
    answer = ana.ask("GET", "/youtube/v3/playlists?part=id&channelId=a&channelId=b")
    assert (answer.status_code, reason(answer)) == (400, "badRequest")


@pytest.mark.parametrize(
    "path",
    [
        "/youtube/v3/channels?part=id&managedByMe=true&onBehalfOfContentOwner=me",
        "/youtube/v3/captions?part=id&videoId=x&onBehalfOf=me",
    ],
)
def test_nobody_acts_for_a_content_owner(ana: Stranger, path: str) -> None:
    answer = ana.ask("GET", path)
    assert (answer.status_code, reason(answer)) == (403, "accountDelegationForbidden")
