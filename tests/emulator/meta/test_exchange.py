"""Codes, short tokens, long tokens, app tokens: how an app gets them, and how it does not."""

from typing import Any

import pytest

from testkit.emulator import Emulator
from testkit.meta import (
    APP_ID,
    APP_SECRET,
    REDIRECT,
    ask,
    consent,
    dialog_url,
    exchange,
    extend,
    person_token,
    query_of,
    refusal,
)

PATH = "/v27.0/oauth/access_token"


@pytest.fixture
def code(emulator: Emulator) -> str:
    """A fresh code."""
    return query_of(consent(emulator, dialog_url(emulator)))["code"]


def form(code: str) -> dict[str, str]:
    return {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "redirect_uri": REDIRECT,
        "code": code,
    }


@pytest.mark.parametrize(
    ("method", "place"), [("GET", "params"), ("POST", "params"), ("POST", "data"), ("POST", "json")]
)
@pytest.mark.parametrize("path", [PATH, "/oauth/access_token"])
def test_a_code_is_exchanged_however_a_client_asks(
    emulator: Emulator, code: str, method: str, place: str, path: str
) -> None:
    options: dict[str, Any] = {place: form(code)}
    answer = emulator.http.request(method, path, **options)
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 3600)
    assert emulator.calls("token.exchange") == 1


def test_the_usual_grant_type_changes_nothing(emulator: Emulator, code: str) -> None:
    assert exchange(emulator, code, grant_type="authorization_code").status_code == 200


@pytest.mark.parametrize("named_twice", [False, True])
def test_an_app_may_name_itself_in_the_header(
    emulator: Emulator, code: str, named_twice: bool
) -> None:
    rest = {"redirect_uri": REDIRECT, "code": code, "grant_type": "authorization_code"}
    if named_twice:
        rest["client_id"] = APP_ID
    answer = emulator.http.post(PATH, data=rest, auth=(APP_ID, APP_SECRET))
    assert answer.json()["token_type"] == "bearer", answer.text
    wrong = emulator.http.post(PATH, data=rest, auth=(APP_ID, "wrong"))
    assert refusal(wrong) == (1, None)


def test_a_header_that_is_no_name_is_none(emulator: Emulator, code: str) -> None:
    rest = {"redirect_uri": REDIRECT, "code": code}
    for header in ("Basic !", "Basic bm9ib2R5", "Bearer x"):
        answer = emulator.http.post(PATH, data=rest, headers={"Authorization": header})
        assert refusal(answer) == (101, None)


def test_the_header_can_be_switched_off(emulator: Emulator, code: str) -> None:
    emulator.switch(basic_authentication=False)
    rest = {"redirect_uri": REDIRECT, "code": code}
    answer = emulator.http.post(PATH, data=rest, auth=(APP_ID, APP_SECRET))
    assert refusal(answer) == (101, None)
    assert exchange(emulator, code).status_code == 200


def test_a_code_works_once(emulator: Emulator, code: str) -> None:
    exchange(emulator, code)
    again = exchange(emulator, code)
    assert (again.status_code, refusal(again)) == (400, (100, 36009))
    assert again.headers["www-authenticate"].startswith(
        'OAuth "Facebook Platform" "invalid_code" "This authorization code has been used."'
    )


def test_a_code_does_not_work_for_long(emulator: Emulator, code: str) -> None:
    emulator.advance(600)
    assert refusal(exchange(emulator, code)) == (100, 36007)


@pytest.mark.parametrize(
    ("wrong", "code_and_subcode"),
    [
        ({"redirect_uri": "http://127.0.0.1:9/other"}, (100, 36008)),
        ({"redirect_uri": ""}, (191, None)),
        ({"client_id": "12345"}, (101, None)),
        ({"client_id": ""}, (101, None)),
        ({"client_secret": "wrong"}, (1, None)),
        ({"client_secret": ""}, (1, None)),
        ({"code": "nonsense"}, (100, None)),
        ({"code": ""}, (100, None)),
    ],
)
def test_refusals_of_the_exchange(
    emulator: Emulator, code: str, wrong: dict[str, str], code_and_subcode: tuple[int, int | None]
) -> None:
    answer = emulator.http.post(PATH, data={**form(code), **wrong})
    assert (answer.status_code, refusal(answer)) == (400, code_and_subcode)
    error = answer.json()["error"]
    assert (error["type"], error["is_transient"]) == ("OAuthException", False)
    assert error["fbtrace_id"].startswith("A")
    assert exchange(emulator, code).status_code == 200


def test_an_extended_token_is_another_one_for_sixty_days(emulator: Emulator) -> None:
    short = person_token(emulator, lasting=False)
    answer = extend(emulator, short).json()
    assert answer["expires_in"] == 5_183_944
    assert answer["access_token"] != short
    emulator.advance(3601)
    assert refusal(ask(emulator, "me", short)) == (190, 463)
    assert ask(emulator, "me", answer["access_token"]).json()["name"] == "Ana"
    emulator.advance(60 * 86400)
    assert refusal(ask(emulator, "me", answer["access_token"])) == (190, 463)


def test_an_expired_token_cannot_be_extended(emulator: Emulator) -> None:
    short = person_token(emulator, lasting=False)
    emulator.advance(3600)
    assert refusal(extend(emulator, short)) == (190, 463)
    assert emulator.calls("token.extend") == 1


def test_a_token_of_another_app_cannot_be_extended(emulator: Emulator) -> None:
    emulator.client("200", platform="facebook", client_secret="s")
    short = person_token(emulator, lasting=False)
    other = extend(emulator, short, client_id="200", client_secret="s")
    assert refusal(other) == (100, None)


def test_an_app_gets_its_own_token_and_it_is_not_the_secret(emulator: Emulator) -> None:
    given = {"grant_type": "client_credentials", "client_id": APP_ID, "client_secret": APP_SECRET}
    answer = emulator.http.get(PATH, params=given).json()
    assert answer["access_token"].startswith(f"{APP_ID}|")
    assert APP_SECRET not in answer["access_token"]
    assert emulator.calls("token.app") == 1
    told = ask(
        emulator, "debug_token", answer["access_token"], input_token=answer["access_token"]
    ).json()["data"]
    assert (told["type"], told["is_valid"]) == ("APP", True)
