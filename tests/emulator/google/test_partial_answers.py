"""`fields`, `prettyPrint`, gzip, and answers that a client has already."""

import gzip
import json
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from tests.emulator.google.conftest import public
from tests.emulator.stranger import Stranger, reason

MINE = "/youtube/v3/channels?part=id,snippet,statistics&mine=true"


def partial(client: Stranger, fields: str) -> httpx2.Response:
    return client.ask("GET", f"{MINE}&{urlencode({'fields': fields})}")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("kind", {"kind": "youtube#channelListResponse"}),
        ("items/id", {"items": [{"id": "UC"}]}),
        ("items(id,snippet/title)", {"items": [{"id": "UC", "snippet": {"title": "Ana Cooks"}}]}),
        ("items(snippet(title))", {"items": [{"snippet": {"title": "Ana Cooks"}}]}),
        (
            "kind,items/snippet/title,items/id",
            {
                "kind": "youtube#channelListResponse",
                "items": [{"id": "UC", "snippet": {"title": "Ana Cooks"}}],
            },
        ),
        ("items/*/title", {"items": [{"snippet": {"title": "Ana Cooks"}}]}),
        (
            "items(snippet/thumbnails/default/width)",
            {"items": [{"snippet": {"thumbnails": {"default": {"width": 120}}}}]},
        ),
        ("pageInfo/totalResults,nextPageToken", {"pageInfo": {"totalResults": 1}}),
        ("pageInfo,pageInfo/totalResults", {"pageInfo": {"totalResults": 1, "resultsPerPage": 5}}),
    ],
)
def test_only_the_fields_asked_for_are_answered(
    ana: Stranger, fields: str, expected: dict[str, Any]
) -> None:
    answer = partial(ana, fields).json()
    for item in answer.get("items", ()):
        if "id" in item:
            item["id"] = item["id"][:2]
        if item.get("statistics") == {}:
            del item["statistics"]
    assert answer == expected


def test_a_star_asks_nothing_of_texts_in_a_list(ana: Stranger) -> None:
    video = ana.upload(**public("Tagged", tags=["a", "b"]))["id"]
    path = f"/youtube/v3/videos?part=snippet&id={video}&fields=items/snippet/*/default"
    [item] = ana.ask("GET", path).json()["items"]
    assert item["snippet"]["tags"] == []
    assert item["snippet"]["thumbnails"]["default"]["width"] == 120


def test_a_star_is_every_field(ana: Stranger) -> None:
    assert partial(ana, "*").json() == ana.ask("GET", MINE).json()


@pytest.mark.parametrize(
    "fields",
    [
        "colour",
        "items/colour",
        "items(id",
        "items(id))",
        "items()",
        "/id",
        "items//id",
        "a,,b",
        "kind/x",
        "items/id/x",
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(ana: Stranger, fields: str) -> None:
    answer = partial(ana, fields)
    assert (answer.status_code, reason(answer)) == (400, "invalidParameter")
    assert answer.json()["error"]["errors"][0]["location"] == "fields"


def test_the_answer_to_an_upload_has_the_fields_asked_for_too(ana: Stranger) -> None:
    path = "/upload/youtube/v3/videos?uploadType=resumable&part=snippet&fields=id,snippet/title"
    opened = ana.ask("POST", path, json={"snippet": {"title": "A video"}})
    video = ana.put(opened.headers["location"], b"bytes").json()
    assert video == {"id": video["id"], "snippet": {"title": "A video"}}


def test_an_upload_with_a_wrong_selection_makes_no_video(ana: Stranger) -> None:
    path = "/upload/youtube/v3/videos?uploadType=media&part=snippet&fields=colour"
    answer = ana.ask("POST", path, content=b"bytes", headers={"Content-Type": "video/mp4"})
    assert reason(answer) == "invalidParameter"
    assert ana.emulator.videos() == []


def test_answers_are_indented_unless_told_otherwise(ana: Stranger) -> None:
    indented, compact = ana.ask("GET", MINE), ana.ask("GET", f"{MINE}&prettyPrint=false")
    assert indented.text.count("\n") > 5
    assert "\n" not in compact.text
    assert indented.json() == compact.json()


def test_answers_are_compressed_for_a_client_that_takes_gzip(ana: Stranger) -> None:
    def raw(encoding: str) -> tuple[str | None, bytes]:
        headers = {**ana.bearer, "Accept-Encoding": encoding}
        with ana.emulator.http.stream("GET", MINE, headers=headers) as answer:
            return answer.headers.get("content-encoding"), b"".join(answer.iter_raw())

    encoding, body = raw("gzip, deflate")
    assert encoding == "gzip"
    plain_encoding, plain = raw("identity")
    assert plain_encoding is None
    assert json.loads(gzip.decompress(body)) == json.loads(plain)


def test_a_list_that_has_not_changed_is_304_without_a_body(ana: Stranger) -> None:
    path = f"/youtube/v3/videos?part=snippet&id={ana.upload(**public('Before'))['id']}"
    first = ana.ask("GET", path)
    tag = first.headers["etag"]
    assert tag == f'"{first.json()["etag"]}"'
    for known in (tag, tag.strip('"'), f"W/{tag}", f'"other", {tag}', "*"):
        again = ana.ask("GET", path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert ana.ask("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_tag_changes_with_what_it_stands_for(ana: Stranger) -> None:
    ana.emulator.switch(processing_seconds=60.0)
    path = f"/youtube/v3/videos?part=status&id={ana.upload()['id']}"
    before = ana.ask("GET", path)
    ana.emulator.advance(61)
    after = ana.ask("GET", path, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["items"][0]["etag"] != before.json()["items"][0]["etag"]
