"""The login dialog: what a person can decide, and what the app gets to hear."""

import base64
import hashlib

import pytest

from testkit.emulator import Emulator
from testkit.meta import (
    ANA,
    APP_ID,
    APP_SECRET,
    BAKERY,
    BEN,
    CATERING,
    NOBODY,
    PARTIAL,
    REDIRECT,
    SCOPES,
    DialogForm,
    ask,
    consent,
    dialog_url,
    exchange,
    page_id,
    page_rows,
    person_token,
    query_of,
)

VERIFIER = "a-verifier-that-is-long-enough-for-pkce-0123456789"
PUBLISH = "pages_manage_posts"


def statuses(emulator: Emulator, token: str) -> dict[str, str]:
    rows = ask(emulator, "me/permissions", token).json()["data"]
    return {row["permission"]: row["status"] for row in rows}


def test_the_dialog_is_for_a_person(emulator: Emulator) -> None:
    page = emulator.http.get(dialog_url(emulator))
    assert page.headers["content-type"].startswith("text/html")
    for words in ("Emulated Facebook", BAKERY, "no Pages", "Create and manage content", "Continue"):
        assert words in page.text


@pytest.mark.parametrize("path", ["/dialog/oauth", "/v21.0/dialog/oauth", "/v27.0/dialog/oauth"])
def test_the_version_of_the_dialog_may_be_left_out(emulator: Emulator, path: str) -> None:
    url = dialog_url(emulator).replace("/v27.0/dialog/oauth", path)
    assert emulator.http.get(url).status_code == 200


def test_allowing_sends_code_and_state_back_with_the_odd_fragment(emulator: Emulator) -> None:
    location = consent(emulator, dialog_url(emulator, state="x y/+&"))
    assert location.startswith(REDIRECT + "?")
    assert location.endswith("#_=_")
    assert query_of(location).keys() == {"code", "state"}
    assert query_of(location)["state"] == "x y/+&"
    emulator.switch(callback_fragment=False)
    assert "#" not in consent(emulator, dialog_url(emulator))


def test_denying_sends_back_what_facebook_sends(emulator: Emulator) -> None:
    location = consent(emulator, dialog_url(emulator), decision="deny")
    assert query_of(location) == {
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
        "state": "a state",
    }


@pytest.mark.parametrize("joint", [",", " ", ", "])
def test_scopes_are_parted_by_commas_or_spaces(emulator: Emulator, joint: str) -> None:
    token = person_token(emulator, scope=joint.join(SCOPES))
    assert set(statuses(emulator, token)) == {"public_profile", *SCOPES}


def test_only_ticked_pages_are_granted(emulator: Emulator) -> None:
    token = person_token(emulator, pages=[page_id(emulator, CATERING)])
    assert set(page_rows(emulator, token)) == {CATERING}


def test_a_later_choice_of_pages_replaces_the_earlier_one(emulator: Emulator) -> None:
    first = person_token(emulator, pages=[page_id(emulator, CATERING)])
    person_token(emulator, pages=[page_id(emulator, BAKERY)])
    assert set(page_rows(emulator, first)) == {BAKERY}


def test_a_page_of_somebody_else_cannot_be_ticked(emulator: Emulator) -> None:
    token = person_token(emulator, BEN, pages=[page_id(emulator, BAKERY)])
    assert page_rows(emulator, token) == {}


def test_a_dialog_that_asks_for_no_page_leaves_the_choice_alone(emulator: Emulator) -> None:
    token = person_token(emulator)
    assert 'name="page"' not in emulator.http.get(dialog_url(emulator, scope="email")).text
    consent(emulator, dialog_url(emulator, scope="email"))
    assert BAKERY in page_rows(emulator, token)


def test_what_is_not_ticked_is_declined(emulator: Emulator) -> None:
    token = person_token(emulator, permissions=["pages_show_list"])
    assert statuses(emulator, token) == {
        "public_profile": "granted",
        "pages_show_list": "granted",
        "pages_read_engagement": "declined",
        PUBLISH: "declined",
    }


def test_a_tick_for_what_was_not_asked_grants_nothing(emulator: Emulator) -> None:
    token = person_token(emulator, permissions=[PUBLISH], scope="pages_show_list")
    assert PUBLISH not in statuses(emulator, token)


def test_one_account_starts_with_publishing_unticked(emulator: Emulator) -> None:
    assert statuses(emulator, person_token(emulator, PARTIAL))[PUBLISH] == "declined"


def test_one_account_has_no_page(emulator: Emulator) -> None:
    assert page_rows(emulator, person_token(emulator, NOBODY)) == {}


def test_what_was_declined_is_asked_again_only_by_rerequest(emulator: Emulator) -> None:
    token = person_token(emulator, permissions=["pages_show_list"])
    form = DialogForm()
    form.feed(emulator.http.get(dialog_url(emulator)).text)
    assert form.hidden[ANA] == {"pages_read_engagement", PUBLISH}
    assert form.hidden[BEN] == set()
    person_token(emulator, permissions=SCOPES)
    assert statuses(emulator, token)[PUBLISH] == "declined"
    person_token(emulator, permissions=SCOPES, auth_type="rerequest")
    assert statuses(emulator, token)[PUBLISH] == "granted"


def test_login_for_business_grants_everything_or_nothing(emulator: Emulator) -> None:
    url = dialog_url(emulator, config_id="1234", scope="")
    assert 'name="permission"' not in emulator.http.get(url).text
    token = person_token(emulator, permissions=[], config_id="1234", scope="")
    assert statuses(emulator, token) == dict.fromkeys(["public_profile", *SCOPES], "granted")


@pytest.mark.parametrize(
    "query", [{"return_scopes": "true"}, {"response_type": "code,granted_scopes"}]
)
def test_the_callback_tells_the_scopes_when_asked_to(
    emulator: Emulator, query: dict[str, str]
) -> None:
    location = consent(emulator, dialog_url(emulator, **query), permissions=["pages_show_list"])
    assert query_of(location)["granted_scopes"] == "public_profile,pages_show_list"
    assert query_of(location)["denied_scopes"] == "pages_read_engagement,pages_manage_posts"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"client_id": "12345"}, "Error validating application"),
        ({"client_id": ""}, "Missing client_id"),
        ({"redirect_uri": "https://elsewhere.test/cb"}, "URL blocked"),
        ({"redirect_uri": ""}, "URL blocked"),
        ({"scope": "publish_everything"}, "Invalid Scopes: publish_everything"),
        ({"response_type": "token"}, "response_type"),
        ({"code_challenge": "x", "code_challenge_method": "S512"}, "code_challenge_method"),
    ],
)
def test_what_cannot_be_sent_back_is_told_on_a_page(
    emulator: Emulator, query: dict[str, str], words: str
) -> None:
    answer = emulator.http.get(dialog_url(emulator, **query))
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert words in answer.text


def test_a_deleted_app_is_told_so(emulator: Emulator) -> None:
    emulator.client(APP_ID, platform="facebook", deleted=True)
    assert "deleted" in emulator.http.get(dialog_url(emulator)).text


def test_a_registered_redirect_uri_must_match_exactly(emulator: Emulator) -> None:
    emulator.client(APP_ID, platform="facebook", redirect_uris=["https://app.test/cb"])
    good = dialog_url(emulator, redirect_uri="https://app.test/cb")
    assert consent(emulator, good).startswith("https://app.test/cb?")
    other = dialog_url(emulator, redirect_uri="https://app.test/cb/")
    assert emulator.http.get(other).status_code == 400


def test_a_decision_is_taken_once_and_by_somebody(emulator: Emulator) -> None:
    form = DialogForm()
    form.feed(emulator.http.get(dialog_url(emulator)).text)
    order = {"request_id": form.request_id, "account": "nobody", "decision": "allow"}
    assert emulator.http.post(form.action, data=order).status_code == 400
    order["account"] = ANA
    assert emulator.http.post(form.action, data=order).status_code == 302
    assert emulator.http.post(form.action, data=order).status_code == 400


@pytest.mark.parametrize("operation", ["dialog.open", "dialog.decide"])
def test_a_broken_dialog_sends_back_a_code_and_no_error(emulator: Emulator, operation: str) -> None:
    emulator.fault(operation, "graph_error", reason="1")
    if operation == "dialog.open":
        location = emulator.http.get(dialog_url(emulator)).headers["location"]
    else:
        location = consent(emulator, dialog_url(emulator))
    assert query_of(location) == {
        "error_code": "1",
        "error_message": "An unknown error has occurred.",
        "state": "a state",
    }


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_pkce_is_enforced_when_it_was_begun(emulator: Emulator, method: str) -> None:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    challenge = hashed.rstrip(b"=").decode() if method == "S256" else VERIFIER
    url = dialog_url(emulator, code_challenge=challenge, code_challenge_method=method)
    code = query_of(consent(emulator, url))["code"]
    for wrong in ({}, {"code_verifier": "w" * 50}):
        assert exchange(emulator, code, **wrong).json()["error"]["code"] == 100
    assert exchange(emulator, code, code_verifier=VERIFIER).status_code == 200


def test_a_new_app_has_a_dialog_of_its_own(emulator: Emulator) -> None:
    emulator.client("200", platform="facebook", client_secret="s")
    code = query_of(consent(emulator, dialog_url(emulator, client_id="200")))["code"]
    assert exchange(emulator, code, client_secret=APP_SECRET).json()["error"]["code"] == 100
    assert exchange(emulator, code, client_id="200", client_secret="s").status_code == 200
