"""The Pages of a consent: those that can be published to, and why the others cannot."""

from typing import Any

import pytest

from domain.errors import (
    PlatformError,
    PlatformRefusal,
    PlatformUnavailable,
    ReauthorizationNeeded,
    Remedy,
)
from domain.states import TokenLife
from platforms.facebook import Facebook
from testkit import meta
from testkit.emulator import Emulator
from tests.platforms.facebook.conftest import NOBODY, Connect, Consent


def test_each_page_gets_its_own_token_and_the_others_a_reason(
    facebook: Facebook, consent: Consent
) -> None:
    found = facebook.accounts(consent())
    assert [page.name for page in found.usable] == [meta.BAKERY, meta.CATERING]
    assert {page.name: page.code for page in found.left_out} == {
        meta.ARCHIVE: "no_create_content",
        meta.PARTNER: "no_page_token",
    }
    assert len({page.credential.access_token for page in found.usable}) == 2


def test_a_page_is_as_the_platform_shows_it(
    emulator: Emulator, facebook: Facebook, connect: Connect
) -> None:
    page = connect()
    person = next(
        a
        for a in emulator.state()["accounts"]
        if a.get("email") == meta.ANA and a["platform"] == "facebook"
    )
    assert page.id == meta.page_id(emulator, meta.BAKERY)
    assert page.grant_id == person["id"]
    assert page.thumbnail_url == f"{emulator.url}/{page.id}/picture"
    assert set(meta.SCOPES) <= set(page.credential.scopes)
    assert page.credential.refresh_token is None
    assert page.credential.clocks.token_life is TokenLife.PERMANENT
    channel = facebook.channel(page.credential)
    assert (channel.id, channel.title, channel.follower_count) == (page.id, page.name, 128)
    assert channel.thumbnail_url == page.thumbnail_url


def test_the_token_of_a_page_outlives_the_persons(
    emulator: Emulator, facebook: Facebook, connect: Connect
) -> None:
    credential = connect().credential
    emulator.advance(61 * 86_400)
    assert facebook.channel(credential).title == meta.BAKERY


def test_only_pages_that_were_ticked_are_listed(
    emulator: Emulator, facebook: Facebook, consent: Consent
) -> None:
    ticked = consent(pages=[meta.page_id(emulator, meta.CATERING)])
    assert [page.name for page in facebook.accounts(ticked).usable] == [meta.CATERING]


def test_it_costs_three_calls_and_may_be_repeated(
    emulator: Emulator, facebook: Facebook, consent: Consent
) -> None:
    credential = consent()
    first = facebook.accounts(credential)
    calls = emulator.state()["calls"]
    assert {name: calls[name] for name in ("token.extend", "debug_token", "me.accounts")} == {
        "token.extend": 1,
        "debug_token": 1,
        "me.accounts": 1,
    }
    again = facebook.accounts(credential)
    assert [page.id for page in again.usable] == [page.id for page in first.usable]
    assert all(facebook.channel(page.credential) for page in (*first.usable, *again.usable))


def test_more_pages_than_one_listing_holds(
    emulator: Emulator, facebook: Facebook, consent: Consent
) -> None:
    emulator.account("many@example.test", platform="facebook", pages=230)
    found = facebook.accounts(consent("many@example.test"))
    assert len({page.id for page in found.usable}) == 230
    assert emulator.calls("me.accounts") == 3


def test_pages_none_of_which_is_usable_are_still_named(
    emulator: Emulator, facebook: Facebook, consent: Consent
) -> None:
    emulator.fault("me.accounts", "no_page_token")
    found = facebook.accounts(consent(meta.BEN))
    assert found.usable == []
    assert [page.code for page in found.left_out] == ["no_page_token"]


def test_nobody_without_a_page(facebook: Facebook, consent: Consent) -> None:
    with pytest.raises(PlatformRefusal) as caught:
        facebook.accounts(consent(meta.NOBODY))
    assert (caught.value.code, caught.value.remedy) == ("no_page", Remedy.RECONNECT)


def test_a_permission_that_is_missing_is_named(facebook: Facebook, consent: Consent) -> None:
    with pytest.raises(ReauthorizationNeeded, match="pages_manage_posts") as caught:
        facebook.accounts(consent(meta.PARTIAL))
    assert caught.value.code == "scope_missing"


@pytest.mark.parametrize("operation", ["token.extend", "debug_token", "me.accounts"])
def test_trouble_on_the_way_can_be_tried_again(
    emulator: Emulator, facebook: Facebook, consent: Consent, operation: str
) -> None:
    credential = consent()
    emulator.fault(operation, "lose_answer")
    with pytest.raises(PlatformUnavailable):
        facebook.accounts(credential)
    assert len(facebook.accounts(credential).usable) == 2


# What only a script says -------------------------------------------------------------

EXTENDED = (200, {"access_token": "long", "token_type": "bearer"})
INSPECTED: tuple[int, Any] = (
    200,
    {"data": {"is_valid": True, "user_id": "7", "scopes": list(meta.SCOPES)}},
)
ROW = {"id": "1", "name": "P", "access_token": "t", "tasks": ["CREATE_CONTENT"]}


def test_a_row_that_tells_no_tasks_has_none(scripted: Any, speaking: Facebook) -> None:
    row = {name: value for name, value in ROW.items() if name != "tasks"}
    scripted.answers = [EXTENDED, INSPECTED, (200, {"data": [row]})]
    assert [page.code for page in speaking.accounts(NOBODY).left_out] == ["no_create_content"]


@pytest.mark.parametrize(
    ("granted", "codes"),
    [
        ({"scope": "pages_manage_posts", "target_ids": ["2"]}, ["scope_not_for_page"]),
        ({"scope": "pages_manage_posts", "target_ids": ["1", "2"]}, []),
        ({"scope": "pages_manage_posts"}, []),
        ({"scope": "email", "target_ids": []}, []),
    ],
)
def test_a_permission_for_other_pages_is_none_for_this_one(
    scripted: Any, speaking: Facebook, granted: dict[str, Any], codes: list[str]
) -> None:
    told = {"data": {**INSPECTED[1]["data"], "granular_scopes": [granted]}}
    scripted.answers = [EXTENDED, (200, told), (200, {"data": [ROW]})]
    assert [page.code for page in speaking.accounts(NOBODY).left_out] == codes


def test_paging_that_goes_round_in_a_circle_ends(scripted: Any, speaking: Facebook) -> None:
    circle = {"data": [ROW], "paging": {"next": "again", "cursors": {"after": "x"}}}
    scripted.answers = [EXTENDED, INSPECTED, *[(200, circle)] * 50]
    assert speaking.accounts(NOBODY).usable
    assert len(scripted.asked) < 30


@pytest.mark.parametrize(
    "garbage", [{}, {"data": {}}, {"data": ["row"]}, {"data": [{"name": "no id"}]}, [], True, "<p>"]
)
def test_a_listing_that_cannot_be_read_is_a_blip(
    scripted: Any, speaking: Facebook, garbage: Any
) -> None:
    scripted.answers = [EXTENDED, INSPECTED, (200, garbage)]
    with pytest.raises(PlatformError) as caught:
        speaking.accounts(NOBODY)
    assert caught.value.code == "unreadable_answer"


@pytest.mark.parametrize("picture", [None, {}, {"data": None}, "p"])
def test_a_page_may_have_no_picture(scripted: Any, speaking: Facebook, picture: Any) -> None:
    scripted.answers = [EXTENDED, INSPECTED, (200, {"data": [{**ROW, "picture": picture}]})]
    assert speaking.accounts(NOBODY).usable[0].thumbnail_url is None
