"""Codes and tokens: how they are made, used, refused, and how they die."""

from typing import Any

import pytest

from testkit.emulator import CLIENT_ID, CLIENT_SECRET, Emulator
from tests.emulator.stranger import MANAGE, READ, UPLOAD, Stranger

DAY = 86400
DEAD = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}


@pytest.fixture
def stranger(emulator: Emulator) -> Stranger:
    """A client nobody has consented to."""
    return Stranger(emulator)


def test_a_code_gives_tokens_in_googles_shape(stranger: Stranger) -> None:
    answer = stranger.exchange(stranger.code())
    tokens = answer.json()
    assert tokens.keys() == {"access_token", "expires_in", "refresh_token", "scope", "token_type"}
    assert tokens["access_token"].startswith("ya29.")
    assert tokens["refresh_token"].startswith("1//")
    assert (tokens["expires_in"], tokens["token_type"]) == (3599, "Bearer")
    assert "no-store" in answer.headers["cache-control"]


def test_credentials_may_come_in_a_basic_header(stranger: Stranger) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": stranger.code(),
        "redirect_uri": "http://127.0.0.1:9/callback",
    }
    answer = stranger.emulator.http.post("/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))
    assert answer.status_code == 200


def test_a_code_works_once(stranger: Stranger) -> None:
    code = stranger.code()
    assert stranger.exchange(code).status_code == 200
    again = stranger.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_code_does_not_work_for_long(stranger: Stranger) -> None:
    code = stranger.code()
    stranger.emulator.advance(601)
    assert stranger.exchange(code).json()["error"] == "invalid_grant"


def test_what_is_no_code_is_told_so(stranger: Stranger) -> None:
    assert stranger.exchange("nonsense").json()["error_description"] == "Malformed auth code."


def test_the_redirect_uri_must_be_that_of_the_request(stranger: Stranger) -> None:
    answer = stranger.exchange(stranger.code(), redirect_uri="http://127.0.0.1:9/other")
    assert (answer.status_code, answer.json()["error"]) == (400, "redirect_uri_mismatch")


@pytest.mark.parametrize(
    ("form", "status", "error", "description"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client", "The OAuth client was not found."),
        ({"client_secret": "wrong"}, 401, "invalid_client", "Unauthorized"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "Invalid grant_type: password"),
        ({"grant_type": ""}, 400, "invalid_request", "Required parameter is missing: grant_type"),
        ({"code": ""}, 400, "invalid_request", "Missing required parameter: code"),
    ],
)
def test_refusals_of_the_token_endpoint(
    stranger: Stranger, form: dict[str, str], status: int, error: str, description: str
) -> None:
    answer = stranger.token(**{"grant_type": "authorization_code", "code": "4/0Ax", **form})
    assert answer.status_code == status
    assert answer.json() == {"error": error, "error_description": description}


def test_a_deleted_client_gets_no_tokens(stranger: Stranger) -> None:
    stranger.connect()
    stranger.emulator.client(CLIENT_ID, deleted=True)
    assert (stranger.refresh().status_code, stranger.refresh().json()["error"]) == (
        401,
        "deleted_client",
    )


def test_a_refresh_token_comes_with_the_first_offline_consent_only(stranger: Stranger) -> None:
    assert "refresh_token" not in stranger.exchange(stranger.code(access_type="online")).json()
    assert "refresh_token" in stranger.exchange(stranger.code()).json()
    assert "refresh_token" not in stranger.exchange(stranger.code()).json()
    assert "refresh_token" in stranger.exchange(stranger.code(prompt="consent")).json()


def test_a_refresh_gives_a_new_access_token_and_no_refresh_token(ana: Stranger) -> None:
    first, second = ana.refresh().json(), ana.refresh().json()
    assert first.keys() == {"access_token", "expires_in", "scope", "token_type"}
    assert len({ana.access_token, first["access_token"], second["access_token"]}) == 3


def test_a_refresh_can_ask_for_less_but_not_for_more(stranger: Stranger) -> None:
    stranger.connect(scope=f"{UPLOAD} {READ}")
    assert stranger.refresh(scope=READ).json()["scope"] == READ
    more = stranger.refresh(scope=f"{READ} {MANAGE}")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    stranger.emulator.switch(refuse_ungranted_scope_on_refresh=False)
    assert stranger.refresh(scope=f"{READ} {MANAGE}").json()["scope"] == READ


def test_an_access_token_lives_an_hour(ana: Stranger) -> None:
    path = "/youtube/v3/channels?part=id&mine=true"
    ana.emulator.advance(3590)
    assert ana.ask("GET", path).status_code == 200
    ana.emulator.advance(10)
    assert ana.ask("GET", path).status_code == 401


def test_in_testing_mode_a_refresh_token_counts_down_seven_days(emulator: Emulator) -> None:
    emulator.switch(testing_mode=True)
    stranger = Stranger(emulator)
    tokens = stranger.exchange(stranger.code()).json()
    assert 7 * DAY - 5 <= tokens["refresh_token_expires_in"] <= 7 * DAY
    stranger.refresh_token = tokens["refresh_token"]
    emulator.advance(DAY)
    assert stranger.refresh().json()["refresh_token_expires_in"] <= 6 * DAY
    emulator.advance(6 * DAY)
    assert stranger.refresh().json() == DEAD


def test_a_refresh_token_dies_of_six_months_without_use(ana: Stranger) -> None:
    ana.emulator.advance(150 * DAY)
    assert ana.refresh().status_code == 200
    ana.emulator.advance(150 * DAY)
    assert ana.refresh().status_code == 200
    ana.emulator.advance(184 * DAY)
    assert ana.refresh().json() == DEAD


def test_the_oldest_of_more_than_a_hundred_refresh_tokens_dies(ana: Stranger) -> None:
    first = ana.refresh_token
    for _ in range(99):
        ana.connect()
    assert ana.refresh(refresh_token=first).status_code == 200
    ana.connect()
    assert ana.refresh(refresh_token=first).json() == DEAD


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("place", ["query", "form"])
def test_revoking_either_token_ends_the_grant(ana: Stranger, kind: str, place: str) -> None:
    token = getattr(ana, kind)
    options: dict[str, Any] = {("params" if place == "query" else "data"): {"token": token}}
    assert ana.emulator.http.post("/revoke", **options).status_code == 200
    assert ana.refresh().json() == DEAD
    assert ana.ask("GET", "/youtube/v3/channels?part=id&mine=true").status_code == 401
    again = ana.emulator.http.post("/revoke", **options)
    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_token",
        "error_description": "Token expired or revoked",
    }


def test_revoking_ends_the_grants_to_every_client_of_the_project(ana: Stranger) -> None:
    ana.emulator.client("second", client_secret="s")
    form = {"client_id": "second", "client_secret": "s"}
    other = ana.exchange(ana.code(client_id="second"), **form).json()
    ana.emulator.http.get("/revoke", params={"token": ana.access_token})
    assert ana.refresh(refresh_token=other["refresh_token"], **form).json() == DEAD


def test_who_removes_the_app_keeps_the_channels(ana: Stranger) -> None:
    before = ana.emulator.state()["channels"]
    other = Stranger(ana.emulator).connect("ben@example.test")
    ana.emulator.account("ana@example.test", remove_app=True)
    assert ana.refresh().json() == DEAD
    assert ana.ask("GET", "/youtube/v3/channels?part=id&mine=true").status_code == 401
    assert other.refresh().status_code == 200
    assert ana.emulator.state()["channels"] == before


@pytest.mark.parametrize(
    "order",
    [
        {"email": "ana@example.test", "password_changed": True},
        {"email": "ana@example.test", "pages": 2},
        {"email": "nobody@example.test", "remove_app": True},
    ],
)
def test_an_order_for_an_account_that_makes_no_sense_is_a_400(
    emulator: Emulator, order: dict[str, Any]
) -> None:
    before = emulator.state()["channels"]
    assert emulator.http.post("/_emulator/accounts", json=order).status_code == 400
    assert emulator.state()["channels"] == before


def test_userinfo_and_tokeninfo_say_what_the_scopes_allow(emulator: Emulator) -> None:
    stranger = Stranger(emulator).connect(scope=f"openid email {READ}")
    for path in ("/v1/userinfo", "/oauth2/v3/userinfo"):
        person = stranger.ask("GET", path).json()
        assert person.keys() == {"sub", "email", "email_verified"}
    worth = emulator.http.get("/tokeninfo", params={"access_token": stranger.access_token}).json()
    assert (worth["aud"], worth["email"], worth["access_type"]) == (
        CLIENT_ID,
        "ana@example.test",
        "offline",
    )
    bad = emulator.http.get("/tokeninfo", params={"access_token": "x"})
    assert (bad.status_code, bad.json()["error_description"]) == (400, "Invalid Value")
