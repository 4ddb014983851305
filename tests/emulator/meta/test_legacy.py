"""What an app made since 2026-11-04 may not use, what an older one may, and batches."""

# mypy: disable-error-code="no-untyped-call"

import json
from typing import Any

import pytest
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from testkit.emulator import Emulator
from testkit.meta import (
    APP_ID,
    APP_SECRET,
    BAKERY,
    CATERING,
    ask,
    page_id,
    page_rows,
    person_token,
    refusal,
)
from tests.emulator.meta.publisher import Publisher

SIX: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "", {"params": {"ids": "1,2"}}),
    ("GET", "videos", {"params": {"ids": "1,2"}}),
    ("GET", "me", {"params": {"date_format": "U"}}),
    ("POST", "me/permissions", {"data": {"method": "delete"}}),
    ("GET", "me/permissions", {"params": {"method": "DELETE"}}),
    ("GET", "me", {"params": {"fields": "name.as(title)"}}),
    ("GET", "me", {"params": {"fields": "accounts{name.as(title)}"}}),
    ("GET", "me", {"params": {"callback": "heard"}}),
    ("POST", "", {"data": {"asyncbatch": "[]"}}),
    ("POST", "act_1/async_batch_requests", {"data": {"name": "a", "adbatch": "[]"}}),
]


@pytest.mark.parametrize("version", ["v27.0", "v21.0"])
@pytest.mark.parametrize(("method", "path", "options"), SIX)
def test_a_new_app_may_use_none_of_the_six_on_any_version(
    emulator: Emulator, version: str, method: str, path: str, options: dict[str, Any]
) -> None:
    token = person_token(emulator)
    headers = {"Authorization": f"Bearer {token}"}
    answer = emulator.http.request(method, f"/{version}/{path}", headers=headers, **options)
    assert refusal(answer) == (3, None), answer.text
    assert "cannot use" in answer.json()["error"]["message"]
    assert ask(emulator, "me", token).json()["name"] == "Ana"  # nothing was withdrawn
    assert emulator.calls("legacy.refused") == 1


def test_an_older_app_reads_several_ids(emulator: Emulator) -> None:
    emulator.switch(app_made_before_v27=True)
    token = person_token(emulator)
    first, second = page_id(emulator, BAKERY), page_id(emulator, CATERING)
    for path in ("", "/"):
        answer = emulator.http.get(
            f"/v27.0{path}",
            params={"access_token": token, "ids": f"{first},{second}", "fields": "name"},
        )
        names = {page: node["name"] for page, node in answer.json().items()}
        assert names == {first: BAKERY, second: CATERING}
    below = ask(emulator, "picture", token, ids=f"{first},{second}", redirect="0").json()
    assert below[second]["data"]["url"].endswith(f"/{second}/picture")
    unknown = ask(emulator, "", token, ids=f"{first},123456")
    assert refusal(unknown) == (100, 33)


def test_an_older_app_deletes_with_a_post(bakery: Publisher) -> None:
    bakery.emulator.switch(app_made_before_v27=True)
    video = bakery.publish()
    answer = bakery.ask("POST", video, data={"method": "delete"})
    assert answer.json() == {"success": True}
    assert bakery.emulator.videos() == []
    assert bakery.emulator.calls("video.delete") == 1
    assert bakery.emulator.calls("video.update") == 0


def test_an_older_app_names_fields_as_it_likes(emulator: Emulator) -> None:
    emulator.switch(app_made_before_v27=True)
    me = ask(emulator, "me", person_token(emulator), fields="name.as(title)").json()
    assert me["title"] == "Ana"


@pytest.mark.parametrize("params", [{"date_format": "U"}, {"callback": "heard"}])
def test_what_is_not_served_to_an_older_app_either_says_so(
    emulator: Emulator, params: dict[str, str]
) -> None:
    emulator.switch(app_made_before_v27=True)
    answer = ask(emulator, "me", person_token(emulator), **params)
    assert refusal(answer) == (100, None)
    assert "not served" in answer.json()["error"]["message"]


def carry_out(emulator: Emulator, token: str, *entries: dict[str, Any], **form: str) -> Any:
    data = {"access_token": token, "batch": json.dumps(entries), **form}
    answer = emulator.http.post("/v27.0/", data=data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_batch_answers_each_call_by_itself(emulator: Emulator) -> None:
    token = person_token(emulator)
    me, nobody = carry_out(
        emulator,
        token,
        {"method": "GET", "relative_url": "me?fields=name"},
        {"method": "GET", "relative_url": "/v26.0/123456"},
    )
    assert (me["code"], json.loads(me["body"])["name"]) == (200, "Ana")
    headers = {header["name"].lower(): header["value"] for header in me["headers"]}
    assert headers["facebook-api-version"] == "v27.0"
    assert (nobody["code"], json.loads(nobody["body"])["error"]["error_subcode"]) == (400, 33)
    (bare,) = carry_out(emulator, token, {"relative_url": "me"}, include_headers="false")
    assert bare.keys() == {"code", "body"}


def test_a_call_of_a_batch_takes_what_it_needs_from_another(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    video = bakery.publish(title="Old")
    answers = carry_out(
        bakery.emulator,
        bakery.token,
        {"method": "GET", "relative_url": "me/videos", "name": "mine"},
        {"method": "POST", "relative_url": "{result=mine:$.data[0].id}", "body": "title=New%20one"},
        {"method": "GET", "relative_url": "777", "name": "none"},
        {"method": "DELETE", "relative_url": video, "depends_on": "none"},
    )
    assert answers[0] is None  # what others take from is left out
    assert json.loads(answers[1]["body"]) == {"success": True}
    assert answers[2]["code"] == 400
    assert answers[3] is None
    assert bakery.emulator.videos()[0]["title"] == "New one"


def test_a_batch_carries_files(bakery: Publisher) -> None:
    entry = {
        "method": "POST",
        "relative_url": f"{bakery.page}/videos",
        "body": "title=Rolls",
        "attached_files": "clip",
    }
    answer = bakery.emulator.http.post(
        "/v27.0/",
        data={"access_token": bakery.token, "batch": json.dumps([entry])},
        files={"clip": ("a.mp4", b"x" * 2048)},
    )
    (done,) = answer.json()
    assert done["code"] == 200, done
    (video,) = bakery.emulator.videos()
    assert (video["title"], video["bytes"]) == ("Rolls", 2048)


@pytest.mark.parametrize("batch", ["", "x", "{}", "[]", "[1]", json.dumps([{}] * 51)])
def test_what_is_no_batch_is_refused(emulator: Emulator, batch: str) -> None:
    data = {"access_token": person_token(emulator), "batch": batch}
    assert refusal(emulator.http.post("/v27.0/", data=data)) == (100, None)


def test_a_batch_calls_nobody_but_its_own_origin(emulator: Emulator) -> None:
    token = person_token(emulator)
    ways_up = ("/../_emulator/state", "../_emulator/state", "%2e%2e/_emulator/state")
    for target in ("//127.0.0.1:9/me", "http://127.0.0.1:9/me", *ways_up):
        (answer,) = carry_out(emulator, token, {"relative_url": target})
        assert answer["code"] == 400, answer


def test_facebooks_own_library_sends_a_batch(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FacebookSession, "GRAPH", emulator.url)
    token = person_token(emulator)
    api = FacebookAdsApi.init(APP_ID, APP_SECRET, token, api_version="v27.0", crash_log=False)
    heard: list[Any] = []
    batch = api.new_batch()
    for name in (BAKERY, CATERING):
        path = (page_id(emulator, name),)
        batch.add("GET", path, {"fields": "name"}, success=lambda got: heard.append(got.json()))
    assert batch.execute() is None
    assert [node["name"] for node in heard] == [BAKERY, CATERING]
    assert page_rows(emulator, token).keys() >= {BAKERY}
