"""Tokens: where they may be written, how they die, and what is told about them."""

import hashlib
import hmac
from typing import Any

import pytest

from testkit.emulator import Emulator
from testkit.meta import (
    ANA,
    APP_ID,
    APP_SECRET,
    APP_TOKEN,
    BAKERY,
    BEN,
    CATERING,
    SCOPES,
    ask,
    page_id,
    page_rows,
    page_token,
    person_token,
    refusal,
)

DAY = 86400


def debug(emulator: Emulator, token: str, by: str = APP_TOKEN) -> dict[str, Any]:
    told: dict[str, Any] = ask(emulator, "debug_token", by, input_token=token).json()["data"]
    return told


def change(emulator: Emulator, email: str = ANA, **what: Any) -> None:
    emulator.account(email, platform="facebook", **what)


def places(token: str) -> dict[str, dict[str, Any]]:
    return {
        "query": {"params": {"access_token": token}},
        "form": {"data": {"access_token": token}},
        "multipart": {"data": {"access_token": token}, "files": {"source": ("a", b"bytes")}},
        "json": {"json": {"access_token": token}},
        "bearer": {"headers": {"Authorization": f"Bearer {token}"}},
        "oauth": {"headers": {"Authorization": f"OAuth {token}"}},
    }


@pytest.mark.parametrize("place", places(""))
def test_a_token_may_stand_anywhere(emulator: Emulator, place: str) -> None:
    options = places(person_token(emulator))[place]
    answer = emulator.http.request("DELETE", "/v27.0/me/permissions/pages_show_list", **options)
    assert answer.json() == {"success": True}


@pytest.mark.parametrize(
    ("path", "version"),
    [("/me", "v27.0"), ("/v24.0/me", "v24.0"), ("/v3.2/me", "v21.0"), ("/v20.0/me", "v21.0")],
)
def test_an_expired_version_is_served_by_the_oldest(
    emulator: Emulator, path: str, version: str
) -> None:
    answer = emulator.http.get(path, params={"access_token": person_token(emulator)})
    assert (answer.status_code, answer.headers["facebook-api-version"]) == (200, version)


@pytest.mark.parametrize("version", ["v28.0", "v26.1", "v3.9", "v0.0"])
def test_a_version_that_never_was_is_refused(emulator: Emulator, version: str) -> None:
    assert refusal(emulator.http.get(f"/{version}/me")) == (2635, None)


def test_no_token_and_no_real_token(emulator: Emulator) -> None:
    assert refusal(emulator.http.get("/v27.0/me")) == (2500, None)
    nonsense = ask(emulator, "me", "nonsense")
    assert (nonsense.status_code, refusal(nonsense)) == (400, (190, None))
    assert '"invalid_token"' in nonsense.headers["www-authenticate"]
    assert refusal(ask(emulator, "me", f"{APP_ID}|wrong")) == (190, None)
    assert refusal(ask(emulator, "me", "999|wrong")) == (190, None)


def test_an_app_has_no_me(emulator: Emulator) -> None:
    assert refusal(ask(emulator, "me", APP_TOKEN)) == (2500, None)
    assert refusal(ask(emulator, "me/accounts", APP_TOKEN)) == (2500, None)
    assert refusal(ask(emulator, "me/permissions", APP_TOKEN)) == (2500, None)


def test_a_pages_token_from_a_lasting_one_never_expires(emulator: Emulator) -> None:
    token = page_token(emulator)
    told = debug(emulator, token)
    assert (told["type"], told["expires_at"], told["is_valid"]) == ("PAGE", 0, True)
    assert told["profile_id"] == page_id(emulator, BAKERY)
    emulator.advance(400 * DAY)
    assert ask(emulator, "me", token).json()["name"] == BAKERY


def test_a_pages_token_from_a_short_one_dies_with_it(emulator: Emulator) -> None:
    token = page_token(emulator, lasting=False)
    assert debug(emulator, token)["expires_at"] > 0
    emulator.advance(3600)
    assert refusal(ask(emulator, "me", token)) == (190, 463)


def test_a_pages_token_is_its_own_and_stays_the_same(emulator: Emulator) -> None:
    anas = person_token(emulator)
    first, second = page_rows(emulator, anas), page_rows(emulator, anas)
    assert first[BAKERY]["access_token"] == second[BAKERY]["access_token"]
    shared = page_id(emulator, BAKERY)
    pages = [{"name": "Ben's Garage"}, {"name": BAKERY, "id": shared}]
    change(emulator, BEN, name="Ben", pages=pages)
    bens = page_rows(emulator, person_token(emulator, BEN))
    tokens = {
        anas,
        first[BAKERY]["access_token"],
        first[CATERING]["access_token"],
        bens[BAKERY]["access_token"],
    }
    assert len(tokens) == 4


def test_a_changed_password_ends_every_token_but_no_permission(emulator: Emulator) -> None:
    person, page = person_token(emulator), page_token(emulator)
    bens = person_token(emulator, BEN)
    change(emulator, password_changed=True)
    assert refusal(ask(emulator, "me", person)) == (190, 460)
    assert refusal(ask(emulator, "me", page)) == (190, 460)
    assert ask(emulator, "me", bens).status_code == 200
    assert ask(emulator, "me", person_token(emulator)).status_code == 200


def test_a_removed_app_ends_every_token(emulator: Emulator) -> None:
    person, page = person_token(emulator), page_token(emulator)
    change(emulator, remove_app=True)
    assert refusal(ask(emulator, "me", person)) == (190, 458)
    assert refusal(ask(emulator, "me", page)) == (190, 458)


def test_a_lost_role_ends_the_token_of_that_page_alone(emulator: Emulator) -> None:
    person = person_token(emulator)
    rows = page_rows(emulator, person)
    change(emulator, roles={BAKERY: []})
    assert refusal(ask(emulator, "me", rows[BAKERY]["access_token"])) == (190, 492)
    assert ask(emulator, "me", rows[CATERING]["access_token"]).status_code == 200
    assert BAKERY not in page_rows(emulator, person)
    change(emulator, roles={BAKERY: ["ANALYZE", "CREATE_CONTENT"]})
    assert page_rows(emulator, person)[BAKERY]["tasks"] == ["ANALYZE", "CREATE_CONTENT"]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody@example.test", "remove_app": True},
        {"email": ANA, "roles": {"No such Page": []}},
        {"email": ANA, "roles": {BAKERY: None}},
        {"email": ANA, "pages": "many"},
        {"email": ANA, "pages": [{}]},
        {"email": "no address"},
    ],
)
def test_an_order_for_people_that_makes_no_sense_is_a_400(
    emulator: Emulator, body: dict[str, Any]
) -> None:
    before = emulator.state()["accounts"]
    answer = emulator.http.post("/_emulator/accounts", json={"platform": "facebook", **body})
    assert answer.status_code == 400
    assert emulator.state()["accounts"] == before


def test_the_clock_of_data_access_runs_apart_from_the_tokens(emulator: Emulator) -> None:
    token = page_token(emulator)
    now = emulator.state()["clock"]["now"]
    assert debug(emulator, token)["data_access_expires_at"] == pytest.approx(now + 90 * DAY, abs=10)
    emulator.advance(91 * DAY)
    assert ask(emulator, "me", token).status_code == 200
    emulator.switch(refuse_lapsed_data_access=True)
    assert refusal(ask(emulator, "me", token)) == (190, None)
    page_token(emulator)
    assert ask(emulator, "me", token).status_code == 200


def test_a_proof_is_checked_when_given_and_can_be_demanded(emulator: Emulator) -> None:
    token = person_token(emulator)
    proof = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    assert ask(emulator, "me", token, appsecret_proof=proof).status_code == 200
    wrong = ask(emulator, "me", token, appsecret_proof="0" * 64)
    assert (refusal(wrong), wrong.json()["error"]["type"]) == ((100, None), "GraphMethodException")
    emulator.switch(require_appsecret_proof=True)
    assert refusal(ask(emulator, "me", token)) == (100, None)
    assert ask(emulator, "me", token, appsecret_proof=proof).status_code == 200


def test_debug_token_tells_what_a_token_is_worth(emulator: Emulator) -> None:
    bakery = page_id(emulator, BAKERY)
    told = debug(emulator, person_token(emulator, pages=[bakery]))
    assert (told["app_id"], told["type"], told["is_valid"]) == (APP_ID, "USER", True)
    assert told["scopes"] == ["public_profile", *SCOPES]
    assert told["granular_scopes"] == [{"scope": name, "target_ids": [bakery]} for name in SCOPES]
    assert told["expires_at"] - told["issued_at"] == pytest.approx(5_183_944, abs=1)
    assert told["user_id"].isdecimal()
    assert "profile_id" not in told


def test_debug_token_tells_why_a_token_is_dead(emulator: Emulator) -> None:
    token = person_token(emulator)
    change(emulator, password_changed=True)
    told = debug(emulator, token)
    assert not told["is_valid"]
    assert (told["error"]["code"], told["error"]["subcode"]) == (190, 460)
    unknown = debug(emulator, "nonsense")
    assert (unknown["is_valid"], unknown["error"]["code"]) == (False, 190)


def test_debug_token_is_for_the_app_alone(emulator: Emulator) -> None:
    emulator.client("200", platform="facebook", client_secret="s")
    token = person_token(emulator)
    assert refusal(ask(emulator, "debug_token", token, input_token=token)) == (100, None)
    assert refusal(ask(emulator, "debug_token", "200|s", input_token=token)) == (100, None)
    assert refusal(ask(emulator, "debug_token", APP_TOKEN)) == (100, None)


def test_a_deleted_app_has_no_tokens_any_more(emulator: Emulator) -> None:
    token = person_token(emulator)
    emulator.client(APP_ID, platform="facebook", deleted=True)
    assert refusal(ask(emulator, "me", token)) == (190, None)
    assert refusal(ask(emulator, "me", APP_TOKEN)) == (190, None)
