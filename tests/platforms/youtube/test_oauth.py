import base64
import hashlib
import time
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
    ReauthorizationNeeded,
)
from domain.secrets import Secret
from platforms.protocol import Credential
from platforms.youtube import GoogleApp, YouTube
from platforms.youtube.channels import MANAGE, READ, UPLOAD
from testkit.emulator import ANA, Emulator
from tests.support.google import CREDENTIAL

VERIFIER = Secret("v" * 64)
REDIRECT = "http://127.0.0.1:8420/api/v1/oauth/youtube/callback"
GRANT = {"access_token": "new", "expires_in": 3599, "scope": UPLOAD, "token_type": "Bearer"}


def redeem(youtube: YouTube, code: str = "4/code", verifier: Secret = VERIFIER) -> Credential:
    return youtube.redeem(code=Secret(code), redirect_uri=REDIRECT, verifier=verifier)


def consent_query(youtube: YouTube, **options: Any) -> dict[str, str]:
    url = youtube.consent_url(
        state=Secret("st/a+te"), redirect_uri=REDIRECT, verifier=VERIFIER, **options
    )
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_consent_asks_for_a_lasting_grant_and_proves_itself(youtube: YouTube) -> None:
    digest = hashlib.sha256(b"v" * 64).digest()
    assert consent_query(youtube) == {
        "client_id": "castline-emulator.apps.googleusercontent.com",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": f"{UPLOAD} {READ}",
        "state": "st/a+te",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "select_account consent",
    }


def test_the_consent_may_suggest_the_account(youtube: YouTube) -> None:
    assert consent_query(youtube, login_hint=ANA)["login_hint"] == ANA


def test_managing_asks_for_one_scope_more(managing: YouTube) -> None:
    assert consent_query(managing)["scope"] == f"{UPLOAD} {READ} {MANAGE}"


def test_a_code_becomes_a_credential(connect: Any) -> None:
    credential = connect()
    assert credential.refresh_token
    assert set(credential.scopes) == {UPLOAD, READ}
    left = credential.expires_at - datetime.now(UTC)
    assert timedelta(minutes=59) < left < timedelta(hours=1)
    assert credential.grant_expires_at is None


def test_what_was_granted_counts_and_not_what_was_asked(connect: Any) -> None:
    assert connect(scopes=[READ]).scopes == (READ,)


def test_a_grant_that_ends_says_when(emulator: Emulator, connect: Any, youtube: YouTube) -> None:
    emulator.switch(testing_mode=True)
    credential = connect()
    week = timedelta(days=7)
    assert abs(credential.grant_expires_at - datetime.now(UTC) - week) < timedelta(minutes=1)
    emulator.advance(86_400)
    later = youtube.refresh(credential)
    assert later.grant_expires_at is not None
    assert credential.grant_expires_at - later.grant_expires_at > timedelta(hours=23)


def test_a_code_works_once(emulator: Emulator, youtube: YouTube) -> None:
    url = youtube.consent_url(state=Secret("s"), redirect_uri=REDIRECT, verifier=VERIFIER)
    code = parse_qs(urlsplit(emulator.consent(url)).query)["code"][0]
    redeem(youtube, code)
    with pytest.raises(PlatformRefusal) as caught:
        redeem(youtube, code)
    assert caught.value.code == "code_rejected"


def test_another_verifier_does_not_redeem_a_code(emulator: Emulator, youtube: YouTube) -> None:
    url = youtube.consent_url(state=Secret("s"), redirect_uri=REDIRECT, verifier=VERIFIER)
    code = parse_qs(urlsplit(emulator.consent(url)).query)["code"][0]
    with pytest.raises(PlatformRefusal) as caught:
        redeem(youtube, code, Secret("w" * 64))
    assert caught.value.code == "code_rejected"


def test_a_wrong_client_secret_is_for_the_operator(app: GoogleApp, connect: Any) -> None:
    ours = YouTube(replace(app, client_secret=Secret("wrong")), chunk_size=256 * 1024)
    with pytest.raises(PlatformMisconfigured) as caught:
        redeem(ours)
    assert caught.value.code == "oauth_client_rejected"
    with pytest.raises(PlatformMisconfigured):
        ours.refresh(connect())


def test_a_refresh_keeps_the_refresh_token_and_the_scopes(connect: Any, youtube: YouTube) -> None:
    before = connect()
    after = youtube.refresh(before)
    assert after.access_token != before.access_token
    assert after.refresh_token == before.refresh_token
    assert after.scopes == before.scopes
    assert after.expires_at is not None


def test_a_partial_grant_is_refreshed_as_it_is(connect: Any, youtube: YouTube) -> None:
    assert youtube.refresh(connect(scopes=[READ])).scopes == (READ,)


@pytest.mark.parametrize("returned", [{}, {"refresh_token": ""}, {"refresh_token": None}])
def test_an_empty_refresh_token_never_replaces_a_good_one(
    scripted: Any, speaking: YouTube, returned: dict[str, Any]
) -> None:
    scripted.answers = [(200, GRANT | returned)]
    assert speaking.refresh(CREDENTIAL).refresh_token == Secret("refresh")


def test_a_new_refresh_token_replaces_the_old_one(scripted: Any, speaking: YouTube) -> None:
    scripted.answers = [(200, GRANT | {"refresh_token": "newer"})]
    assert speaking.refresh(CREDENTIAL).refresh_token == Secret("newer")


def test_what_a_refresh_does_not_mention_stays_as_it_was(scripted: Any, speaking: YouTube) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    scripted.answers = [(200, {"access_token": "new", "expires_in": 3599})]
    after = speaking.refresh(replace(CREDENTIAL, grant_expires_at=end))
    assert (after.scopes, after.grant_expires_at) == (CREDENTIAL.scopes, end)


def test_a_refresh_asks_for_no_scope(scripted: Any, speaking: YouTube) -> None:
    scripted.answers = [(200, GRANT)]
    speaking.refresh(CREDENTIAL)
    assert parse_qs(scripted.asked[0][2].decode()).keys() == {
        "grant_type",
        "client_id",
        "client_secret",
        "refresh_token",
    }


def test_a_revoked_grant_is_dead(connect: Any, youtube: YouTube) -> None:
    credential = connect()
    youtube.revoke(credential)
    with pytest.raises(ReauthorizationNeeded) as caught:
        youtube.refresh(credential)
    assert (caught.value.code, caught.value.reason) == ("grant_dead", "invalid_grant")


def test_without_a_refresh_token_a_person_is_needed(youtube: YouTube) -> None:
    with pytest.raises(ReauthorizationNeeded) as caught:
        youtube.refresh(replace(CREDENTIAL, refresh_token=None))
    assert caught.value.code == "refresh_token_missing"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"error": "invalid_grant", "error_description": "Bad Request"}), "dead"),
        ((400, {"error": "invalid_grant", "error_subtype": "invalid_rapt"}), "dead"),
        ((400, {"error": "invalid_grant", "error_subtype": "rapt_required"}), "dead"),
        ((400, {"error": "temporarily_unavailable"}), "blip"),
        ((400, "<html>"), "blip"),
        ((400, {}), "blip"),
        ((401, ["invalid_grant"]), "blip"),
        ((408, ""), "blip"),
        ((429, "slow down"), "blip"),
        ((429, {"error": "rate_limit_exceeded"}), "blip"),
        ((500, {"error": "internal_failure"}), "blip"),
        ((503, "<html>Backend Error"), "blip"),
        ((200, "not json"), "blip"),
        ((200, '"text"'), "blip"),
        ((200, {"expires_in": 3599}), "blip"),
        ((200, {"access_token": ""}), "blip"),
        ((200, {"access_token": "a", "expires_in": "soon"}), "blip"),
        ((200, {"access_token": "a", "expires_in": [1]}), "blip"),
        ((200, '{"access_token": "a", "expires_in": 1e300}'), "blip"),
        ((0, None), "blip"),
        ((401, {"error": "deleted_client"}), "ours"),
        ((400, {"error": "invalid_scope"}), "ours"),
    ],
)
def test_a_blip_is_not_a_dead_grant(
    scripted: Any, speaking: YouTube, answer: tuple[int, Any], error: str
) -> None:
    expected: dict[str, type[PlatformError]] = {
        "dead": ReauthorizationNeeded,
        "blip": PlatformUnavailable,
        "ours": PlatformMisconfigured,
    }
    scripted.answers = [answer]
    with pytest.raises(PlatformError) as caught:
        speaking.refresh(CREDENTIAL)
    assert type(caught.value) is expected[error]
    assert len(scripted.asked) == 1, "one call, and no retry of somebody else's"


def test_nobody_there_is_a_blip(emulator: Emulator, app: GoogleApp) -> None:
    nowhere = replace(app, token_url="http://127.0.0.1:1/token")
    with pytest.raises(PlatformUnavailable) as caught:
        YouTube(nowhere, chunk_size=256 * 1024).refresh(CREDENTIAL)
    assert caught.value.code == "unreachable"


def test_an_answer_without_a_scope_grants_nothing(scripted: Any, speaking: YouTube) -> None:
    scripted.answers = [(200, {"access_token": "a", "expires_in": "3599"})]
    credential = redeem(speaking)
    assert credential.scopes == ()
    assert credential.expires_at is not None


def test_a_grant_that_is_already_dead_counts_as_ended(connect: Any, youtube: YouTube) -> None:
    credential = connect()
    assert youtube.revoke(credential)
    assert not youtube.revoke(credential)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((503, "<html>"), PlatformUnavailable),
        ((400, "<html>"), PlatformUnavailable),
        ((400, {"error": "invalid_request"}), PlatformMisconfigured),
    ],
)
def test_a_revocation_that_failed_says_so(
    scripted: Any, speaking: YouTube, answer: tuple[int, Any], error: type[PlatformError]
) -> None:
    scripted.answers = [answer]
    with pytest.raises(error):
        speaking.revoke(CREDENTIAL)


def test_no_token_is_in_an_address(scripted: Any, speaking: YouTube) -> None:
    scripted.answers = [(200, GRANT), (200, {}), (200, GRANT)]
    redeem(speaking)
    speaking.revoke(CREDENTIAL)
    speaking.refresh(CREDENTIAL)
    assert [path for _, path, _ in scripted.asked] == ["/token", "/revoke", "/token"]


def test_a_refresh_that_is_not_answered_is_given_up_in_seconds(
    emulator: Emulator, youtube: YouTube, connect: Any
) -> None:
    """Others wait for it, and a transfer that waits must not be taken for dead."""
    credential = connect()
    emulator.fault("oauth.token.refresh", "slow", delay_seconds=20)
    began = time.monotonic()
    with pytest.raises(PlatformUnavailable):
        youtube.refresh(credential)
    assert time.monotonic() - began < 10
