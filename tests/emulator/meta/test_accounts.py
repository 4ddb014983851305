"""The person, the Pages, and one Page, as the Graph API shows them."""

import pytest

from testkit.emulator import Emulator
from testkit.meta import (
    ANA,
    APP_TOKEN,
    ARCHIVE,
    BAKERY,
    BEN,
    CATERING,
    PARTNER,
    ask,
    page_id,
    page_rows,
    page_token,
    person_token,
    refusal,
)

TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MODERATE"]


def test_the_pages_come_with_tasks_and_tokens(emulator: Emulator) -> None:
    rows = page_rows(emulator, person_token(emulator))
    assert list(rows) == [BAKERY, CATERING, ARCHIVE, PARTNER]
    assert rows[BAKERY].keys() == {
        "access_token",
        "category",
        "category_list",
        "name",
        "id",
        "tasks",
    }
    assert rows[BAKERY]["tasks"] == TASKS
    assert rows[ARCHIVE]["tasks"] == ["ANALYZE"]
    assert rows[CATERING]["category_list"][0]["name"] == "Caterer"


def test_a_page_of_a_portfolio_comes_without_a_token(emulator: Emulator) -> None:
    token = person_token(emulator)
    partner = page_rows(emulator, token)[PARTNER]
    assert "access_token" not in partner
    assert partner["tasks"] == TASKS
    alone = ask(emulator, partner["id"], token, fields="access_token").json()
    assert alone == {"id": partner["id"]}


def test_a_row_can_be_made_to_come_without_a_token(emulator: Emulator) -> None:
    token = person_token(emulator)
    emulator.fault("me.accounts", "no_page_token")
    assert not any("access_token" in row for row in page_rows(emulator, token).values())
    assert "access_token" in page_rows(emulator, token)[BAKERY]


def test_without_the_permission_no_page_is_listed(emulator: Emulator) -> None:
    token = person_token(emulator, permissions=["pages_manage_posts"])
    assert page_rows(emulator, token) == {}


def test_fields_choose_what_is_shown(emulator: Emulator) -> None:
    wanted = "id,name,tasks,picture.type(large){url,width}"
    row = ask(emulator, "me/accounts", person_token(emulator), fields=wanted).json()["data"][0]
    assert row.keys() == {"id", "name", "tasks", "picture"}
    picture = emulator.http.get(row["picture"]["data"]["url"])
    assert picture.headers["content-type"].startswith("image/")


def test_an_unknown_field_fails_the_whole_call(emulator: Emulator) -> None:
    answer = ask(emulator, "me/accounts", person_token(emulator), fields="id,nonsense")
    assert refusal(answer) == (100, None)
    assert "nonsense" in answer.json()["error"]["message"]
    odd = ask(emulator, "me", person_token(emulator), fields="odd\r\nname")
    assert refusal(odd) == (2500, None)


def test_the_list_is_paged_in_both_directions(emulator: Emulator) -> None:
    emulator.account(BEN, platform="facebook", name="Ben", pages=7)
    token = person_token(emulator, BEN)
    first = ask(emulator, "me/accounts", token, limit="3", summary="true").json()
    assert first["summary"] == {"total_count": 7}
    assert "previous" not in first["paging"]
    names, answer = [row["name"] for row in first["data"]], first
    while "next" in answer["paging"]:
        answer = emulator.http.get(answer["paging"]["next"]).json()
        names += [row["name"] for row in answer["data"]]
    assert names == [f"Ben {number}" for number in range(1, 8)]
    back = emulator.http.get(answer["paging"]["previous"]).json()
    assert [row["name"] for row in back["data"]] == ["Ben 4", "Ben 5", "Ben 6"]
    after = answer["paging"]["cursors"]["after"]
    beyond = ask(emulator, "me/accounts", token, after=after).json()
    assert beyond == {"data": []}
    assert refusal(ask(emulator, "me/accounts", token, after="?")) == (100, None)


def test_a_page_has_no_accounts(emulator: Emulator) -> None:
    assert refusal(ask(emulator, "me/accounts", page_token(emulator))) == (100, None)


def test_a_page_is_read_with_its_own_token(emulator: Emulator) -> None:
    token, bakery = page_token(emulator), page_id(emulator, BAKERY)
    assert ask(emulator, bakery, token).json() == {"id": bakery, "name": BAKERY}
    page = ask(emulator, bakery, token, fields="name,followers_count,picture,link,access_token")
    assert page.json()["followers_count"] == 128
    assert page.json()["access_token"] == token


def test_a_persons_token_gives_the_pages_token(emulator: Emulator) -> None:
    token, bakery = person_token(emulator), page_id(emulator, BAKERY)
    page = ask(emulator, bakery, token, fields="access_token").json()
    assert page["access_token"] == page_rows(emulator, token)[BAKERY]["access_token"]


def test_a_page_of_somebody_else_is_not_shown(emulator: Emulator) -> None:
    bakery = page_id(emulator, BAKERY)
    answer = ask(emulator, bakery, person_token(emulator, BEN))
    assert (answer.status_code, refusal(answer)) == (403, (10, None))
    assert refusal(ask(emulator, bakery, APP_TOKEN)) == (10, None)


def test_what_does_not_exist_is_code_100_with_subcode_33(emulator: Emulator) -> None:
    assert refusal(ask(emulator, "123456", person_token(emulator))) == (100, 33)


def test_an_unknown_address_is_an_error_in_the_envelope(emulator: Emulator) -> None:
    assert refusal(emulator.http.put("/v27.0/me/nonsense")) == (2500, None)


def test_the_person_is_shown_by_name_and_by_id(emulator: Emulator) -> None:
    token = person_token(emulator, scope="email")
    me = ask(emulator, "me", token, fields="id,name,email,first_name").json()
    assert (me["name"], me["email"], me["first_name"]) == ("Ana", ANA, "Ana")
    assert ask(emulator, me["id"], token).json() == {"id": me["id"], "name": "Ana"}
    bens = person_token(emulator, BEN)
    assert refusal(ask(emulator, me["id"], bens)) == (100, 33)
    assert refusal(ask(emulator, f"{me['id']}/accounts", bens)) == (2500, None)


def test_without_the_permission_the_email_is_left_out(emulator: Emulator) -> None:
    assert "email" not in ask(emulator, "me", person_token(emulator), fields="email").json()


@pytest.mark.parametrize("page", [BAKERY, PARTNER])
def test_the_state_shows_people_and_pages_but_no_token(emulator: Emulator, page: str) -> None:
    token = person_token(emulator)
    tokens = [token, *(r.get("access_token", token) for r in page_rows(emulator, token).values())]
    shown = emulator.http.get("/_emulator/state").text
    assert page in shown
    assert not any(each in shown for each in tokens)
    ana = next(
        account
        for account in emulator.state()["accounts"]
        if (account["platform"], account["email"]) == ("facebook", ANA)
    )
    assert [entry["name"] for entry in ana["pages"]] == [BAKERY, CATERING, ARCHIVE, PARTNER]
