"""Permissions: read, and given back one by one or all at once."""

from testkit.emulator import Emulator
from testkit.meta import (
    APP_TOKEN,
    BAKERY,
    BEN,
    SCOPES,
    ask,
    page_rows,
    page_token,
    person_token,
    refusal,
)


def test_permissions_are_listed_for_the_person_and_for_the_app(emulator: Emulator) -> None:
    token = person_token(emulator)
    mine = ask(emulator, "me/permissions", token).json()
    granted = ["public_profile", *SCOPES]
    assert mine == {"data": [{"permission": name, "status": "granted"} for name in granted]}
    me = ask(emulator, "me", token).json()["id"]
    assert ask(emulator, f"{me}/permissions", token).json() == mine
    assert ask(emulator, f"{me}/permissions", APP_TOKEN).json() == mine


def test_permissions_are_nobody_elses_business(emulator: Emulator) -> None:
    me = ask(emulator, "me", person_token(emulator)).json()["id"]
    assert refusal(ask(emulator, f"{me}/permissions", person_token(emulator, BEN))) == (100, 33)
    assert refusal(ask(emulator, "me/permissions", page_token(emulator))) == (100, 33)


def test_one_permission_is_withdrawn_from_all_tokens_at_once(emulator: Emulator) -> None:
    token = person_token(emulator)
    path = "/v27.0/me/permissions/pages_show_list"
    answer = emulator.http.delete(path, params={"access_token": token})
    assert answer.json() == {"success": True}
    rows = ask(emulator, "me/permissions", token).json()["data"]
    assert {"permission": "pages_show_list", "status": "declined"} in rows
    assert page_rows(emulator, token) == {}


def test_what_is_no_permission_cannot_be_withdrawn(emulator: Emulator) -> None:
    token = person_token(emulator)
    for name in ("nonsense", "public_profile"):
        path = f"/v27.0/me/permissions/{name}"
        answer = emulator.http.delete(path, params={"access_token": token})
        assert refusal(answer) == (100, None)


def test_withdrawing_all_removes_the_app(emulator: Emulator) -> None:
    token = person_token(emulator)
    page = page_rows(emulator, token)[BAKERY]["access_token"]
    me = ask(emulator, "me", token).json()["id"]
    path = f"/v27.0/{me}/permissions"
    answer = emulator.http.delete(path, headers={"Authorization": f"Bearer {APP_TOKEN}"})
    assert answer.json() == {"success": True}
    assert refusal(ask(emulator, "me", token)) == (190, 458)
    assert refusal(ask(emulator, "me", page)) == (190, 458)
    assert ask(emulator, f"{me}/permissions", APP_TOKEN).json() == {"data": []}
    assert emulator.calls("permissions.delete") == 1
