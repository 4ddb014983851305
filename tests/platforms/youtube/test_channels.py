from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from platforms.youtube import YouTube
from platforms.youtube.channels import MANAGE, READ, UPLOAD
from testkit.emulator import Emulator
from tests.support.google import CREDENTIAL


def test_a_consent_gives_access_to_one_channel(
    emulator: Emulator, connect: Any, youtube: YouTube
) -> None:
    credential = connect()
    (account,) = youtube.accounts(credential).usable
    assert account.id == emulator.channel("Ana Cooks")["id"]
    assert (account.name, account.handle) == ("Ana Cooks", "@anacooks")
    assert account.thumbnail_url
    assert account.credential == credential


def test_a_brand_channel_is_the_one_that_was_picked(
    emulator: Emulator, connect: Any, youtube: YouTube
) -> None:
    brand = emulator.channel("Bakery Brand")["id"]
    assert [account.id for account in youtube.accounts(connect(brand)).usable] == [brand]


def assert_no_channel(ask: Callable[[], object]) -> None:
    with pytest.raises(ReauthorizationNeeded) as caught:
        ask()
    assert caught.value.code == "no_channel"


def test_who_has_no_channel_is_refused(connect: Any, youtube: YouTube) -> None:
    credential = connect("nochannel@example.test")
    assert_no_channel(lambda: youtube.accounts(credential))
    assert_no_channel(lambda: youtube.channel(credential))


@pytest.mark.parametrize("listing", [{}, {"items": []}, {"items": None}])
def test_a_listing_may_lack_its_items(
    scripted: Any, speaking: YouTube, listing: dict[str, Any]
) -> None:
    scripted.answers = [(200, listing)]
    assert_no_channel(lambda: speaking.accounts(CREDENTIAL))


def test_being_told_to_sign_up_is_having_no_channel(scripted: Any, speaking: YouTube) -> None:
    reason = {"reason": "youtubeSignupRequired"}
    scripted.answers = [(401, {"error": {"code": 401, "errors": [reason]}})]
    assert_no_channel(lambda: speaking.accounts(CREDENTIAL))


def test_a_consent_without_the_upload_box_is_refused(
    emulator: Emulator, connect: Any, youtube: YouTube
) -> None:
    with pytest.raises(ReauthorizationNeeded) as caught:
        youtube.accounts(connect("partial@example.test"))
    assert caught.value.code == "scope_missing"
    assert "youtube.upload" in caught.value.sentence
    assert "youtube.readonly" not in caught.value.sentence
    assert emulator.calls("channels.list") == 0


@pytest.mark.parametrize(
    ("granted", "enough"),
    [
        ((UPLOAD, READ), True),
        ((READ, UPLOAD, "openid", "https://www.googleapis.com/auth/userinfo.email"), True),
        ((MANAGE,), True),
        (("https://www.googleapis.com/auth/youtube",), True),
        ((UPLOAD,), False),
        ((READ,), False),
        ((), False),
    ],
)
def test_scopes_that_allow_as_much_are_enough(
    scripted: Any, speaking: YouTube, granted: tuple[str, ...], enough: bool
) -> None:
    scripted.answers = [(200, {})]
    credential = replace(CREDENTIAL, scopes=granted)
    if enough:
        assert_no_channel(lambda: speaking.accounts(credential))
    else:
        with pytest.raises(ReauthorizationNeeded):
            speaking.accounts(credential)


def test_a_channel_is_read_as_it_is_now(connect: Any, youtube: YouTube) -> None:
    channel = youtube.channel(connect())
    assert (channel.title, channel.description) == ("Ana Cooks", "Recipes, one pan at a time.")
    assert channel.follower_count == 128


@pytest.mark.parametrize(
    ("statistics", "count"),
    [
        ({"subscriberCount": "18446744073709551615"}, 18446744073709551615),
        ({"subscriberCount": "0", "hiddenSubscriberCount": True}, None),
        ({}, None),
    ],
)
def test_followers_may_be_many_or_hidden(
    scripted: Any, speaking: YouTube, statistics: dict[str, Any], count: int | None
) -> None:
    item = {"id": "UC1", "snippet": {"title": "Ana"}, "statistics": statistics}
    scripted.answers = [(200, {"items": [item]})]
    channel = speaking.channel(CREDENTIAL)
    assert channel.follower_count == count
    assert channel.thumbnail_url is None


def test_a_dead_token_is_told_from_an_outage(
    emulator: Emulator, connect: Any, youtube: YouTube
) -> None:
    credential = connect()
    emulator.fault("channels.list", "status", status=503, html=True)
    with pytest.raises(PlatformUnavailable):
        youtube.channel(credential)
    emulator.fault("channels.list", "unauthorized")
    with pytest.raises(ReauthorizationNeeded) as caught:
        youtube.channel(credential)
    assert caught.value.code == "token_rejected"
    assert emulator.calls("channels.list") == 2
    assert emulator.calls("oauth.token.refresh") == 0
