"""Other makers' clients find Facebook Login here, unchanged but for the address."""

# mypy: disable-error-code="no-untyped-call, no-any-return, import-untyped"

import pytest
from authlib.integrations.requests_client import OAuth2Session
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError
from requests_oauthlib import OAuth2Session as OauthlibSession
from requests_oauthlib.compliance_fixes import facebook_compliance_fix

from testkit.emulator import Emulator
from testkit.meta import (
    APP_ID,
    APP_SECRET,
    BAKERY,
    REDIRECT,
    SCOPES,
    ask,
    consent,
    page_id,
    person_token,
    refusal,
)


@pytest.fixture
def authlib(emulator: Emulator) -> OAuth2Session:
    """Authlib's client, configured as its documentation says for Facebook."""
    return OAuth2Session(
        APP_ID,
        APP_SECRET,
        scope=" ".join(SCOPES),
        redirect_uri=REDIRECT,
        token_endpoint_auth_method="client_secret_post",
    )


def test_authlib_logs_in_and_reads_the_pages(emulator: Emulator, authlib: OAuth2Session) -> None:
    url, state = authlib.create_authorization_url(f"{emulator.url}/dialog/oauth")
    location = consent(emulator, url).partition("#")[0]  # which a browser keeps to itself
    token = authlib.fetch_token(
        f"{emulator.url}/oauth/access_token", authorization_response=location, state=state
    )
    assert token["token_type"] == "bearer"
    rows = authlib.get(f"{emulator.url}/v27.0/me/accounts").json()["data"]
    assert rows[0]["name"] == BAKERY


@pytest.fixture
def oauthlib(emulator: Emulator) -> OauthlibSession:
    """requests-oauthlib's client, with the fix it has for Facebook."""
    session = OauthlibSession(APP_ID, redirect_uri=REDIRECT, scope=list(SCOPES))
    return facebook_compliance_fix(session)


def sign_in(emulator: Emulator, oauthlib: OauthlibSession, decision: str = "allow") -> None:
    url, _ = oauthlib.authorization_url(f"{emulator.url}/v27.0/dialog/oauth")
    oauthlib.fetch_token(
        f"{emulator.url}/v27.0/oauth/access_token",
        client_secret=APP_SECRET,
        authorization_response=consent(emulator, url, decision=decision),
        include_client_id=True,
    )


def test_oauthlib_logs_in(emulator: Emulator, oauthlib: OauthlibSession) -> None:
    sign_in(emulator, oauthlib)
    assert oauthlib.get(f"{emulator.url}/v27.0/me").json()["name"] == "Ana"


def test_oauthlib_hears_that_the_person_said_no(
    emulator: Emulator, oauthlib: OauthlibSession
) -> None:
    with pytest.raises(AccessDeniedError, match="Permissions error"):
        sign_in(emulator, oauthlib, decision="deny")


def test_facebooks_own_library_reads_and_gives_back(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FacebookSession, "GRAPH", emulator.url)
    token = person_token(emulator)
    api = FacebookAdsApi.init(APP_ID, APP_SECRET, token, api_version="v27.0", crash_log=False)
    me = User("me", api=api)
    pages = list(me.get_accounts(fields=["id", "name"], params={"limit": 2}))
    assert pages[0]["name"] == BAKERY
    assert len(pages) == 4
    bakery = Page(page_id(emulator, BAKERY), api=api).api_get(fields=["name", "access_token"])
    assert bakery["name"] == BAKERY
    granted = {row["permission"]: row["status"] for row in me.get_permissions()}
    assert granted["pages_manage_posts"] == "granted"
    me.delete_permissions(params={"permission": "pages_manage_posts"})
    me.delete_permissions()
    assert refusal(ask(emulator, "me", token)) == (190, 458)
