"""What can be asked for with `fields`, and in which forms."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from facebook_business.adobjects.user import User

from testkit.emulator import Emulator
from testkit.meta import ANA, APP_TOKEN, BAKERY, ask, page_id, person_token, refusal
from tests.emulator.meta.publisher import Publisher


def names_of(node: type) -> str:
    fields = vars(node.Field)  # type: ignore[attr-defined]
    return ",".join(value for name, value in fields.items() if not name.startswith("_"))


# The class mixes what is read with what an upload sends; what is read comes first.
VIDEO = names_of(AdVideo).partition(",application_id,")[0]


def test_every_documented_field_of_a_person_and_a_page_is_accepted(emulator: Emulator) -> None:
    token = person_token(emulator, scope="email,pages_show_list,pages_read_engagement")
    me = ask(emulator, "me", token, fields=names_of(User))
    assert me.status_code == 200, me.text
    assert me.json()["email"] == ANA
    page = ask(emulator, page_id(emulator, BAKERY), token, fields=names_of(Page))
    assert page.status_code == 200, page.text
    assert page.json()["name"] == BAKERY
    assert "attire" not in page.json()


def test_every_documented_field_of_a_video_and_a_post_is_accepted(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    video_id = bakery.publish(title="Rolls")
    video = bakery.video(video_id, VIDEO)
    assert (video["title"], video["published"]) == ("Rolls", True)
    assert "source" not in video
    post = f"{bakery.page}_{video['post_id']}"
    shown = bakery.ask("GET", post, params={"fields": names_of(PagePost)})
    assert shown.json()["status_type"] == "added_video", shown.text


@pytest.mark.parametrize(
    ("path", "kind"), [("me", "User"), ("{page}", "Page"), ("{video}", "Video"), ("{post}", "Post")]
)
def test_a_name_that_is_not_documented_fails_the_call(
    bakery: Publisher, path: str, kind: str
) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    video = bakery.publish()
    post = f"{bakery.page}_{bakery.video(video, 'post_id')['post_id']}"
    token = person_token(bakery.emulator)
    answer = ask(
        bakery.emulator,
        path.format(page=bakery.page, video=video, post=post),
        token,
        fields="id,nonsense",
    )
    assert refusal(answer) == (100, None)
    assert answer.json()["error"]["message"] == (
        f"(#100) Tried accessing nonexisting field (nonsense) on node type ({kind})"
    )


def test_a_json_list_is_as_good_as_commas(emulator: Emulator) -> None:
    token = person_token(emulator)
    answer = ask(emulator, "me", token, fields=json.dumps(["id", "name", "picture{url}"]))
    assert answer.json().keys() == {"id", "name", "picture"}


def test_a_field_is_asked_for_what_is_below_it(emulator: Emulator) -> None:
    token = person_token(emulator)
    me = ask(
        emulator,
        "me",
        token,
        fields="name,accounts.limit(2){name,access_token,picture.type(large){url,width}},"
        "picture{url},permissions",
    ).json()
    first, second = me["accounts"]["data"]
    assert first.keys() == {"id", "name", "access_token", "picture"}
    assert first["name"] == BAKERY
    assert first["picture"]["data"].keys() == {"url", "width"}
    assert first["picture"]["data"]["width"] == 200
    assert second["name"] != BAKERY
    assert me["picture"].keys() == {"data"}
    assert me["picture"]["data"].keys() == {"url"}
    assert {"permission": "pages_show_list", "status": "granted"} in me["permissions"]["data"]


def test_a_nested_list_goes_on_where_it_ended(emulator: Emulator) -> None:
    token = person_token(emulator)
    accounts = ask(emulator, "me", token, fields="accounts.limit(3){name}").json()["accounts"]
    following = accounts["paging"]["next"]
    assert parse_qs(urlsplit(following).query)["fields"] == ["name"]
    rest = emulator.http.get(following).json()
    assert [row.keys() for row in rest["data"]] == [{"id", "name"}]
    assert len(accounts["data"]) + len(rest["data"]) == 4


def test_the_older_spelling_of_nested_fields_is_understood(emulator: Emulator) -> None:
    token = person_token(emulator)
    me = ask(emulator, "me", token, fields="accounts.fields(name).limit(1)").json()
    assert [row.keys() for row in me["accounts"]["data"]] == [{"id", "name"}]


def test_an_unknown_name_below_a_field_fails_the_call(emulator: Emulator) -> None:
    token = person_token(emulator)
    for fields, kind in (
        ("accounts{nonsense}", "Page"),
        ("picture{nonsense}", "ProfilePictureSource"),
    ):
        answer = ask(emulator, "me", token, fields=fields)
        assert refusal(answer) == (100, None)
        assert answer.json()["error"]["message"].endswith(f"(nonsense) on node type ({kind})")


@pytest.mark.parametrize(
    "fields", ["accounts{name", "name}", "picture.type(large", "[1", "a b", "."]
)
def test_what_is_no_list_of_fields_is_a_syntax_error(emulator: Emulator, fields: str) -> None:
    answer = ask(emulator, "me", person_token(emulator), fields=fields)
    assert refusal(answer) == (2500, None)
    assert answer.json()["error"]["message"].startswith("Syntax error")


def test_parts_of_a_value_are_answered(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    fields = "from{name},status{video_status},thumbnails{uri,is_preferred}"
    video = bakery.video(bakery.publish(), fields)
    assert video["from"] == {"name": BAKERY}
    assert video["status"] == {"video_status": "ready"}
    (thumbnail,) = video["thumbnails"]["data"]
    assert thumbnail["is_preferred"] is True
    assert bakery.emulator.http.get(thumbnail["uri"]).status_code == 200


def test_a_page_is_asked_for_its_videos(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    video, reel = bakery.publish(title="Rolls"), bakery.publish_reel()
    fields = "videos.limit(1){title},video_reels{id},published_posts.limit(0).summary(true)"
    page = bakery.ask("GET", "me", params={"fields": fields}).json()
    assert page["videos"]["data"] == [{"title": "Rolls", "id": video}]
    assert page["video_reels"]["data"] == [{"id": reel}]
    assert page["published_posts"] == {"data": [], "summary": {"total_count": 2}}


@pytest.mark.parametrize("summary", ["total_count", "true", "1", '["total_count"]'])
def test_a_summary_counts_the_list(emulator: Emulator, summary: str) -> None:
    answer = ask(emulator, "me/accounts", person_token(emulator), summary=summary, limit="1")
    assert answer.json()["summary"] == {"total_count": 4}
    assert len(answer.json()["data"]) == 1


def test_an_empty_list_is_there_for_its_summary_only(bakery: Publisher) -> None:
    video = bakery.publish()
    assert "comments" not in bakery.video(video, "comments")
    counted = bakery.video(video, "comments.limit(0).summary(true)")["comments"]
    assert counted == {"data": [], "summary": {"total_count": 0}}


@pytest.mark.parametrize("no", ["0", "false"])
def test_a_picture_tells_where_it_is_instead_of_being_it(emulator: Emulator, no: str) -> None:
    token = person_token(emulator)
    told = ask(emulator, "me/picture", token, redirect=no, type="large").json()["data"]
    assert (told["height"], told["width"], told["is_silhouette"]) == (200, 200, False)
    picture = emulator.http.get(told["url"])
    assert picture.headers["content-type"].startswith("image/")


def test_without_a_token_nobody_is_me(emulator: Emulator) -> None:
    for path in ("me", "me/accounts", "me/permissions", "me/videos", "me/feed"):
        answer = emulator.http.get(f"/v27.0/{path}")
        assert refusal(answer) == (2500, None), path
        assert answer.json()["error"]["message"] == (
            "An active access token must be used to query information about the current user."
        )
    assert refusal(emulator.http.get(f"/v27.0/{page_id(emulator, BAKERY)}")) == (104, None)
    assert refusal(ask(emulator, "me/videos", APP_TOKEN)) == (2500, None)


def test_a_pages_token_is_the_page(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    answer = bakery.ask("POST", "me/videos", files={"source": ("a.mp4", b"x" * 2048)})
    assert bakery.emulator.videos()[0]["owner"] == bakery.page
    listed = bakery.ask("GET", "me/videos").json()["data"]
    assert [row["id"] for row in listed] == [answer.json()["id"]]
