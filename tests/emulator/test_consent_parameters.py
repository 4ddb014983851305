"""What a client may ask of the authorization endpoint, old names included."""

import html
import re

import httpx2
import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import READ, REDIRECT, UPLOAD, Stranger, query_of

CLEO = "cleo@org.test"


def asked(emulator: Emulator, **query: str) -> httpx2.Response:
    """Open the page in a browser that has no identity yet."""
    return httpx2.get(Stranger(emulator).auth_url(**query), timeout=90)


@pytest.mark.parametrize("name", ["prompt=consent", "approval_prompt=force"])
def test_a_forced_consent_brings_another_refresh_token(ana: Stranger, name: str) -> None:
    key, _, value = name.partition("=")
    assert "refresh_token" in ana.exchange(ana.code(scopes=None, **{key: value})).json()


def test_an_automatic_consent_brings_no_other_refresh_token(ana: Stranger) -> None:
    assert "refresh_token" not in ana.exchange(ana.code(approval_prompt="auto")).json()


@pytest.mark.parametrize(
    "query",
    [
        {"prompt": "login"},
        {"prompt": "none consent"},
        {"approval_prompt": "always"},
        {"prompt": "consent", "approval_prompt": "force"},
        {"response_mode": "carrier_pigeon"},
        {"response_type": "token"},
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_on_googles_page(
    emulator: Emulator, query: dict[str, str]
) -> None:
    answer = asked(emulator, **query)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert "invalid_request" in answer.text


@pytest.mark.parametrize("path", ["/o/oauth2/auth", "/o/oauth2/v2/auth"])
def test_the_page_is_at_both_addresses(emulator: Emulator, path: str) -> None:
    url = httpx2.URL(Stranger(emulator).auth_url())
    answer = emulator.http.get(path, params=dict(url.params))
    assert answer.status_code == 200
    assert 'name="request_id"' in answer.text


def test_the_answer_can_come_in_the_fragment(emulator: Emulator) -> None:
    url = Stranger(emulator).auth_url(response_mode="fragment")
    location = emulator.consent(url)
    base, _, fragment = location.partition("#")
    assert base == REDIRECT
    assert query_of(f"?{fragment}")["state"] == "a state"
    code = query_of(f"?{fragment}")["code"]
    assert "access_token" in Stranger(emulator).exchange(code).json()


def test_the_answer_can_come_as_a_form(emulator: Emulator) -> None:
    page = asked(emulator, response_mode="form_post", state='"><script>').text
    request_id = re.findall(r'name="request_id" value="([^"]+)"', page)[0]
    form = {"request_id": request_id, "account": "ana@example.test", "decision": "allow"}
    decided = emulator.http.post(
        "/o/oauth2/v2/auth/decision", data={**form, "scope": [UPLOAD, READ]}
    )
    assert decided.status_code == 200
    assert f'action="{REDIRECT}"' in decided.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', decided.text))
    assert html.unescape(fields["state"]) == '"><script>'
    assert "access_token" in Stranger(emulator).exchange(html.unescape(fields["code"])).json()


def test_a_hosted_domain_tidies_the_chooser(emulator: Emulator) -> None:
    emulator.account(CLEO, name="Cleo", hosted=True, channels=[{"title": "Cleo"}])
    everybody = asked(emulator).text
    assert CLEO in everybody
    for domain in ("org.test", "*"):
        chooser = asked(emulator, hd=domain).text
        assert (CLEO in chooser, "ben@example.test" in chooser) == (True, False)
    assert "ben@example.test" in asked(emulator, hd="nobody.test").text


def test_an_account_of_an_organization_says_its_domain(emulator: Emulator) -> None:
    emulator.account(CLEO, name="Cleo", hosted=True, channels=[{"title": "Cleo"}])
    cleo = Stranger(emulator)
    back = query_of(emulator.consent(cleo.auth_url(scope=f"openid {READ}"), CLEO))
    assert back["hd"] == "org.test"
    token = cleo.exchange(back["code"]).json()["id_token"]
    read = emulator.http.get("/tokeninfo", params={"id_token": token}).json()
    assert read["hd"] == "org.test"
    ana = query_of(emulator.consent(cleo.auth_url(scope=f"openid {READ}")))
    assert "hd" not in ana


def test_the_issuer_of_a_callback_is_that_of_the_discovery_page(emulator: Emulator) -> None:
    def issuers(host: str | None) -> tuple[str, str]:
        headers = {"Host": host} if host else {}
        page = emulator.http.get("/.well-known/openid-configuration", headers=headers).json()
        url = httpx2.URL(Stranger(emulator).auth_url(prompt="none"))
        answer = emulator.http.get(url.path, params=dict(url.params), headers=headers)
        return query_of(answer.headers["location"])["iss"], page["issuer"]

    assert issuers(None) == (emulator.url, emulator.url)
    assert issuers("accounts.google.com") == ("https://accounts.google.com",) * 2
