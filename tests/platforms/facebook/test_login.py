"""Consent, exchange, the clocks of a token and the end of a grant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
)
from domain.secrets import Secret
from domain.states import TokenLife
from platforms.facebook import Facebook, MetaApp
from platforms.protocol import Credential
from testkit import meta
from testkit.emulator import Emulator
from tests.platforms.facebook.conftest import CHUNK, NOBODY, REDIRECT, UNUSED, Connect, Consent


def url_of(facebook: Facebook) -> str:
    return facebook.consent_url(state=Secret("st"), redirect_uri=REDIRECT, verifier=UNUSED)


def raised(work: Callable[[], Any]) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        work()
    assert caught.value.__cause__ is None
    return caught.value


def test_the_dialog_is_asked_for_what_publishing_needs(facebook: Facebook) -> None:
    address = urlsplit(url_of(facebook))
    assert address.path == "/v27.0/dialog/oauth"
    assert parse_qs(address.query) == {
        "client_id": [meta.APP_ID],
        "redirect_uri": [REDIRECT],
        "state": ["st"],
        "response_type": ["code"],
        "scope": ["pages_show_list,pages_read_engagement,pages_manage_posts"],
        "auth_type": ["rerequest"],
    }


def test_a_permission_that_was_declined_is_asked_for_again(
    facebook: Facebook, consent: Consent
) -> None:
    declined = consent(permissions=("pages_show_list", "pages_read_engagement"))
    assert raised(lambda: facebook.accounts(declined)).code == "scope_missing"
    assert facebook.accounts(consent(permissions=meta.SCOPES)).usable


def test_the_exchange_is_one_call_that_tells_no_scopes(
    emulator: Emulator, consent: Consent
) -> None:
    before = emulator.state()["calls"]
    credential = consent()
    made = {n: c - before.get(n, 0) for n, c in emulator.state()["calls"].items()}
    assert {name for name, count in made.items() if count} == {
        "dialog.open",
        "dialog.decide",
        "token.exchange",
    }
    assert (credential.scopes, credential.refresh_token) == ((), None)
    assert credential.expires_at is not None
    assert credential.expires_at - datetime.now(UTC) > timedelta(minutes=55)


def redeem(facebook: Facebook, code: str, redirect_uri: str = REDIRECT) -> Credential:
    return facebook.redeem(code=Secret(code), redirect_uri=redirect_uri, verifier=UNUSED)


def code_from(emulator: Emulator, facebook: Facebook) -> str:
    return meta.query_of(meta.consent(emulator, url_of(facebook)))["code"]


def test_a_code_works_once(emulator: Emulator, facebook: Facebook) -> None:
    code = code_from(emulator, facebook)
    redeem(facebook, code)
    error = raised(lambda: redeem(facebook, code))
    assert (type(error), error.code, error.reason) == (
        PlatformRefusal,
        "code_rejected",
        "100/36009",
    )


def test_a_code_lives_for_minutes(emulator: Emulator, facebook: Facebook) -> None:
    code = code_from(emulator, facebook)
    emulator.advance(3600)
    error = raised(lambda: redeem(facebook, code))
    assert (error.code, error.reason) == ("code_rejected", "100/36007")


def test_a_code_that_never_was_one_is_refused(facebook: Facebook) -> None:
    error = raised(lambda: redeem(facebook, "made up"))
    assert (type(error), error.code) == (PlatformRefusal, "code_rejected")


def test_another_redirect_uri_is_for_the_operator(emulator: Emulator, facebook: Facebook) -> None:
    code = code_from(emulator, facebook)
    error = raised(lambda: redeem(facebook, code, f"{REDIRECT}/other"))
    assert (type(error), error.code) == (PlatformMisconfigured, "redirect_uri_rejected")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        # Meta answers 1, which stands for a passing trouble everywhere else.
        ({"app_secret": Secret("wrong")}, "app_secret_rejected"),
        ({"app_id": "999"}, "app_rejected"),
        ({"version": "v99.0"}, "version_unsupported"),
    ],
)
def test_app_credentials_that_are_wrong_are_named(
    app: MetaApp, change: dict[str, Any], code: str
) -> None:
    wrong = Facebook(replace(app, **change), chunk_size=CHUNK)
    for work in (wrong.verify_app, lambda: redeem(wrong, "a code")):
        error = raised(work)
        assert (type(error), error.code) == (PlatformMisconfigured, code)


def test_app_credentials_that_are_right_are_accepted(
    emulator: Emulator, facebook: Facebook
) -> None:
    facebook.verify_app()
    assert emulator.state()["calls"] == {"token.app": 1}


@pytest.mark.parametrize("kind", ["cut", "lose_answer"])
def test_no_answer_is_a_blip_and_nothing_is_repeated(
    emulator: Emulator, facebook: Facebook, kind: str
) -> None:
    emulator.fault("token.app", kind)
    error = raised(facebook.verify_app)
    assert (type(error), error.code) == (PlatformUnavailable, "unreachable")
    assert emulator.calls("token.app") == 1


def test_a_page_of_html_is_a_blip(emulator: Emulator, facebook: Facebook) -> None:
    emulator.fault("token.app", "status", status=502, html=True)
    assert raised(facebook.verify_app).code == "unreadable_answer"


# What becomes of a Page's token ------------------------------------------------------


def test_a_refresh_reads_clocks_and_scopes_and_keeps_the_token(
    emulator: Emulator, facebook: Facebook, connect: Connect
) -> None:
    old = connect().credential
    stale = replace(old, expires_at=datetime.now(UTC), scopes=(), data_access_ends_at=None)
    calls = emulator.calls("debug_token")
    fresh = facebook.refresh(stale)
    assert replace(fresh, data_access_ends_at=old.data_access_ends_at) == old
    assert emulator.calls("debug_token") == calls + 1
    assert old.clocks.token_life is TokenLife.PERMANENT
    assert old.data_access_ends_at is not None
    assert fresh.data_access_ends_at is not None
    assert timedelta(days=89) < fresh.data_access_ends_at - datetime.now(UTC) < timedelta(days=91)


def test_a_clock_is_read_against_metas_own(
    emulator: Emulator, facebook: Facebook, connect: Connect
) -> None:
    page = connect().credential
    emulator.advance(60 * 86_400)
    ends = facebook.refresh(page).data_access_ends_at
    assert ends is not None
    assert timedelta(days=29) < ends - datetime.now(UTC) < timedelta(days=31)


def test_a_scope_of_other_pages_only_is_missing(
    facebook: Facebook, consent: Consent, connect: Connect
) -> None:
    bakery = connect().credential
    assert facebook.missing_scopes(facebook.refresh(bakery).scopes) == ()
    catering = connect(meta.CATERING)
    consent(pages=[catering.id])
    assert facebook.missing_scopes(facebook.refresh(bakery).scopes) == meta.SCOPES
    assert facebook.missing_scopes(facebook.refresh(catering.credential).scopes) == ()


def test_a_permission_that_was_withdrawn_shows_at_the_next_refresh(
    emulator: Emulator, facebook: Facebook, consent: Consent
) -> None:
    person = consent()
    page = facebook.accounts(person).usable[0].credential
    withdrawn = emulator.http.delete(
        "/v27.0/me/permissions/pages_manage_posts",
        params={"access_token": person.access_token.reveal()},
    )
    assert withdrawn.json() == {"success": True}
    assert "pages_manage_posts" not in facebook.refresh(page).scopes


@pytest.mark.parametrize(
    ("event", "code", "reason"),
    [
        ({"remove_app": True}, "app_removed", "190/458"),
        ({"password_changed": True}, "password_changed", "190/460"),
        ({"roles": {meta.BAKERY: []}}, "role_lost", "190/492"),
    ],
)
def test_a_dead_token_says_of_what_it_died(
    emulator: Emulator,
    facebook: Facebook,
    connect: Connect,
    event: dict[str, Any],
    code: str,
    reason: str,
) -> None:
    credential = connect().credential
    emulator.account(meta.ANA, platform="facebook", **event)
    error = raised(lambda: facebook.refresh(credential))
    assert (type(error), error.code, error.reason) == (ReauthorizationNeeded, code, reason)


def test_a_lost_role_ends_that_page_only(
    emulator: Emulator, facebook: Facebook, consent: Consent
) -> None:
    pages = {page.name: page.credential for page in facebook.accounts(consent()).usable}
    emulator.account(meta.ANA, platform="facebook", roles={meta.BAKERY: []})
    assert raised(lambda: facebook.refresh(pages[meta.BAKERY])).code == "role_lost"
    assert facebook.refresh(pages[meta.CATERING]).scopes == pages[meta.CATERING].scopes


@pytest.mark.parametrize("token", ["EAABnonsense", "x"])
def test_a_token_that_meta_never_made_is_dead(facebook: Facebook, token: str) -> None:
    error = raised(lambda: facebook.refresh(replace(NOBODY, access_token=Secret(token))))
    assert (type(error), error.code) == (ReauthorizationNeeded, "token_invalid")


def test_a_blip_is_not_a_dead_token(
    emulator: Emulator, facebook: Facebook, connect: Connect
) -> None:
    credential = connect().credential
    emulator.fault("debug_token", "graph_error", reason="2")
    assert type(raised(lambda: facebook.refresh(credential))) is PlatformUnavailable
    assert facebook.refresh(credential).access_token == credential.access_token


def test_a_wrong_secret_is_not_a_dead_token(app: MetaApp, connect: Connect) -> None:
    credential = connect().credential
    wrong = Facebook(replace(app, app_secret=Secret("wrong")), chunk_size=CHUNK)
    assert type(raised(lambda: wrong.refresh(credential))) is PlatformMisconfigured
    assert type(raised(lambda: wrong.revoke(credential))) is PlatformMisconfigured


def test_another_app_is_not_a_dead_token(
    emulator: Emulator, app: MetaApp, connect: Connect
) -> None:
    credential = connect().credential
    emulator.client("100000000000002", platform="facebook", client_secret="another")
    other = Facebook(
        replace(app, app_id="100000000000002", app_secret=Secret("another")), chunk_size=CHUNK
    )
    error = raised(lambda: other.refresh(credential))
    assert (type(error), error.code) == (PlatformMisconfigured, "app_changed")


@pytest.mark.parametrize(
    ("told", "error", "code"),
    [
        ({"code": 190, "subcode": 459}, ReauthorizationNeeded, "checkpoint"),
        ({"code": 190, "subcode": 99}, ReauthorizationNeeded, "token_invalid"),
        ({"code": 77}, ReauthorizationNeeded, "token_invalid"),
        ("garbage", ReauthorizationNeeded, "token_invalid"),
        ({"code": 2}, PlatformUnavailable, "platform_error"),
    ],
)
def test_an_inspection_is_taken_at_its_word(
    scripted: Any, speaking: Facebook, told: Any, error: type[PlatformError], code: str
) -> None:
    scripted.answers = [(200, {"data": {"is_valid": False, "error": told}})]
    found = raised(lambda: speaking.refresh(NOBODY))
    assert (type(found), found.code) == (error, code)


@pytest.mark.parametrize("garbage", [{}, {"data": []}, {"data": {}}, {"data": {"is_valid": 1}}])
def test_an_inspection_that_says_nothing_kills_no_token(
    scripted: Any, speaking: Facebook, garbage: Any
) -> None:
    scripted.answers = [(200, garbage)]
    assert raised(lambda: speaking.refresh(NOBODY)).code == "unreadable_answer"


@pytest.mark.parametrize("lasting", [0, None, "never", -1, 10**18])
def test_a_clock_without_a_time_has_no_end(scripted: Any, speaking: Facebook, lasting: Any) -> None:
    scripted.answers = [(200, {"data": {"is_valid": True, "expires_at": lasting}})]
    assert speaking.refresh(NOBODY).expires_at is None


# The end of a grant ------------------------------------------------------------------


def test_revoking_one_page_ends_the_whole_grant(
    emulator: Emulator, facebook: Facebook, consent: Consent
) -> None:
    first, second = facebook.accounts(consent()).usable[:2]
    assert facebook.revoke(first.credential)
    assert raised(lambda: facebook.refresh(second.credential)).code == "app_removed"
    assert emulator.calls("permissions.delete") == 1


@pytest.mark.parametrize("ended_by", [{"remove_app": True}, {"password_changed": True}])
def test_a_grant_that_is_dead_already_counts_as_ended(
    emulator: Emulator, facebook: Facebook, connect: Connect, ended_by: dict[str, Any]
) -> None:
    credential = connect().credential
    emulator.account(meta.ANA, platform="facebook", **ended_by)
    facebook.revoke(credential)
    facebook.revoke(credential)


@pytest.mark.parametrize("reason", ["100/33", "803", "190/458"])
def test_nothing_left_to_revoke_counts_as_ended(
    emulator: Emulator, facebook: Facebook, connect: Connect, reason: str
) -> None:
    credential = connect().credential
    fault = emulator.fault("permissions.delete", "graph_error", reason=reason)
    assert not facebook.revoke(credential)
    assert emulator.fired(fault) == 1


def test_a_revocation_that_failed_is_no_revocation(
    emulator: Emulator, facebook: Facebook, connect: Connect
) -> None:
    credential = connect().credential
    emulator.fault("permissions.delete", "graph_error", reason="200")
    assert raised(lambda: facebook.revoke(credential)).code == "scope_missing"
    emulator.fault("permissions.delete", "graph_error", reason="4")
    assert type(raised(lambda: facebook.revoke(credential))) is QuotaExhausted
