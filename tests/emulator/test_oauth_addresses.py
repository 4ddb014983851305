"""The authorization server at every address that shipped clients have built in.

oauth2client 1.4: `/o/oauth2/token`, `/o/oauth2/revoke`, `/oauth2/v2/tokeninfo`; google-auth:
`/oauth2/v1/certs`, `/oauth2/v4/token`; google-auth-oauthlib's session: `/userinfo/v2/me`;
allauth: `/oauth2/v2/userinfo`; passport: `/oauth2/v3/userinfo`.
"""

import base64
import time
from typing import Any

import google.auth.transport
import google.oauth2.id_token
import httpx2
import pytest
from cryptography import x509

from testkit.emulator import ANA, CLIENT_ID, CLIENT_SECRET, Emulator
from tests.emulator.stranger import READ, REDIRECT, Stranger

TOKEN = ["/token", "/o/oauth2/token", "/oauth2/v3/token", "/oauth2/v4/token"]
REVOKE = ["/revoke", "/o/oauth2/revoke"]
OLD_USERINFO = ["/oauth2/v1/userinfo", "/oauth2/v2/userinfo", "/userinfo/v2/me"]
USERINFO = ["/v1/userinfo", "/oauth2/v3/userinfo"]
SIGN_IN = f"openid email profile {READ}"
CLIENT = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def form_of(ana: Stranger) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": ana.refresh_token}


def signed_in(emulator: Emulator, host: str | None = None, **query: str) -> dict[str, Any]:
    """Sign in with all three scopes and return the answer of the token endpoint."""
    code = Stranger(emulator).code(ANA, None, **{"scope": SIGN_IN, **query})
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **CLIENT}
    headers = {"Host": host} if host else {}
    answer = emulator.http.post("/token", data=form, headers=headers)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


@pytest.mark.parametrize("path", TOKEN)
def test_the_token_endpoint_is_at_every_address(ana: Stranger, path: str) -> None:
    answer = ana.emulator.http.post(path, data={**form_of(ana), **CLIENT})
    assert answer.status_code == 200
    assert answer.json()["access_token"].startswith("ya29.")
    assert ana.emulator.calls("oauth.token.refresh") == 1


@pytest.mark.parametrize("path", TOKEN)
@pytest.mark.parametrize("place", ["form", "json", "query", "basic"])
def test_the_token_endpoint_takes_what_clients_send(ana: Stranger, path: str, place: str) -> None:
    everything = {**form_of(ana), **CLIENT}
    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    sent: dict[str, dict[str, Any]] = {
        "form": {"data": everything},
        "json": {"json": everything},
        "query": {"params": everything},
        "basic": {"json": form_of(ana), "headers": {"Authorization": f"Basic {basic}"}},
    }
    assert ana.emulator.http.post(path, **sent[place]).status_code == 200


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"', b""])
def test_a_json_body_that_says_nothing_is_refused_in_googles_shape(
    emulator: Emulator, content: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = emulator.http.post("/token", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_fault_meant_for_one_owner_reads_a_json_body_too(ana: Stranger) -> None:
    fault = ana.emulator.fault("oauth.token.refresh", "unauthorized", owner=ANA)
    answer = ana.emulator.http.post("/token", json={**form_of(ana), **CLIENT})
    assert answer.json()["error"] == "invalid_grant"
    assert ana.emulator.fired(fault) == 1


@pytest.mark.parametrize("path", REVOKE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_revocation_is_at_every_address(ana: Stranger, path: str, method: str) -> None:
    answer = ana.emulator.http.request(method, path, params={"token": ana.refresh_token})
    assert (answer.status_code, answer.json()) == (200, {})
    assert ana.refresh().status_code == 400


@pytest.mark.parametrize("path", OLD_USERINFO)
def test_old_userinfo_has_its_own_names(emulator: Emulator, path: str) -> None:
    token = signed_in(emulator)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    person = emulator.http.get(path, headers=headers).json()
    assert person.keys() == {"id", "email", "verified_email", "name", "given_name", "picture"}
    assert (person["email"], person["verified_email"]) == (ANA, True)
    assert emulator.http.get(path, params={"access_token": token}).json() == person
    assert emulator.http.get(path).json()["error"]["status"] == "UNAUTHENTICATED"
    wrong = emulator.http.get(path, params={"access_token": "x"})
    assert wrong.json()["error"]["errors"][0]["reason"] == "authError"


@pytest.mark.parametrize("path", USERINFO)
def test_userinfo_names_a_picture_that_is_there(emulator: Emulator, path: str) -> None:
    emulator.account("cleo@example.test", name="Cleo de Merode", channels=[{"title": "Cleo"}])
    code = Stranger(emulator).code("cleo@example.test", None, scope=SIGN_IN)
    token = Stranger(emulator).exchange(code).json()["access_token"]
    person = emulator.http.get(path, headers={"Authorization": f"Bearer {token}"}).json()
    names = (person["name"], person["given_name"], person["family_name"])
    assert names == ("Cleo de Merode", "Cleo", "de Merode")
    assert emulator.http.get(person["picture"]).headers["content-type"].startswith("image/")
    refused = emulator.http.get(path, headers={"Authorization": "Bearer x"})
    assert refused.status_code == 401
    assert refused.json() == {
        "error": "invalid_request",
        "error_description": "Invalid Credentials",
    }


@pytest.mark.parametrize("path", ["/tokeninfo", "/oauth2/v3/tokeninfo"])
@pytest.mark.parametrize("place", ["query", "form", "header"])
def test_tokeninfo_takes_an_access_token_anywhere(ana: Stranger, path: str, place: str) -> None:
    token = {"access_token": ana.access_token}
    http = ana.emulator.http
    answer = {
        "query": lambda: http.get(path, params=token),
        "form": lambda: http.post(path, data=token),
        "header": lambda: http.get(path, headers=ana.bearer),
    }[place]()
    assert (answer.json()["aud"], answer.json()["access_type"]) == (CLIENT_ID, "offline")


@pytest.mark.parametrize("path", ["/oauth2/v1/tokeninfo", "/oauth2/v2/tokeninfo"])
def test_old_tokeninfo_has_its_own_names(emulator: Emulator, path: str) -> None:
    tokens = signed_in(emulator)
    worth = emulator.http.get(path, params={"access_token": tokens["access_token"]}).json()
    assert (worth["issued_to"], worth["audience"], worth["email"]) == (CLIENT_ID, CLIENT_ID, ANA)
    assert worth["verified_email"] is True
    assert isinstance(worth["expires_in"], int)
    read = emulator.http.post(path, data={"id_token": tokens["id_token"]}).json()
    assert read["user_id"] == worth["user_id"]
    assert read["issuer"] == emulator.url


def test_tokeninfo_reads_an_id_token(emulator: Emulator) -> None:
    token = signed_in(emulator, nonce="n-1")["id_token"]
    read = emulator.http.get("/tokeninfo", params={"id_token": token}).json()
    assert (read["aud"], read["email"], read["email_verified"]) == (CLIENT_ID, ANA, "true")
    assert (read["alg"], read["typ"], read["nonce"]) == ("RS256", "JWT", "n-1")
    assert all(isinstance(value, str) for value in read.values())
    keys = emulator.http.get("/oauth2/v3/certs").json()["keys"]
    assert read["kid"] == keys[0]["kid"]
    head, claims, signature = token.split(".")
    for bad in (f"{head}.{claims}.{signature[:-4]}AAAA", f"{head}.{claims[:-4]}AAAA.{signature}"):
        refused = emulator.http.get("/tokeninfo", params={"id_token": bad})
        assert refused.status_code == 400
        assert refused.json()["error_description"] == "Invalid Value"


@pytest.mark.parametrize("path", ["/tokeninfo", "/oauth2/v1/tokeninfo"])
def test_tokeninfo_without_a_token_says_what_it_takes(emulator: Emulator, path: str) -> None:
    answer = emulator.http.get(path)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_token",
        "error_description": "Either access_token, id_token, or token_handle required",
    }


class Redirected(google.auth.transport.Request):
    """A transport of Google's library that finds Google's names at the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.asked: list[str] = []

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        timeout: Any = None,
        **_: Any,
    ) -> Any:
        """Send a request to the path of an address, with its host as the name that was asked."""
        self.asked.append(url)
        address = httpx2.URL(url)
        answer = self._emulator.http.request(
            method,
            address.path,
            content=body,
            timeout=timeout or 90,
            headers={**(headers or {}), "Host": address.host},
        )
        return _Answered(answer)


class _Answered:
    def __init__(self, answer: httpx2.Response) -> None:
        self.status, self.headers, self.data = answer.status_code, answer.headers, answer.content


def test_googles_library_verifies_an_id_token_that_was_issued_under_googles_name(
    emulator: Emulator,
) -> None:
    token = signed_in(emulator, host="oauth2.googleapis.com")["id_token"]
    transport = Redirected(emulator)
    verify: Any = google.oauth2.id_token.verify_oauth2_token
    claims = verify(token, transport, CLIENT_ID)
    assert transport.asked == ["https://www.googleapis.com/oauth2/v1/certs"]
    assert (claims["iss"], claims["email"]) == ("https://accounts.google.com", ANA)


def test_the_certificates_are_pem_by_the_id_of_their_key(emulator: Emulator) -> None:
    keys = {key["kid"] for key in emulator.http.get("/oauth2/v2/certs").json()["keys"]}
    certificates = emulator.http.get("/oauth2/v1/certs").json()
    assert certificates.keys() == keys
    for pem in certificates.values():
        valid_from = x509.load_pem_x509_certificate(pem.encode()).not_valid_before_utc
        assert valid_from.timestamp() < time.time()


def test_the_issuer_is_googles_under_googles_names_only(emulator: Emulator) -> None:
    def read(tokens: dict[str, Any]) -> str:
        answer = emulator.http.get("/tokeninfo", params={"id_token": tokens["id_token"]})
        issuer: str = answer.json()["iss"]
        return issuer

    assert read(signed_in(emulator)) == emulator.url
    assert read(signed_in(emulator, "www.googleapis.com:443")) == "https://accounts.google.com"
    assert read(signed_in(emulator, "notgoogleapis.com")) == "http://notgoogleapis.com"
    emulator.switch(own_issuer=True)
    assert read(signed_in(emulator, "oauth2.googleapis.com")) == "http://oauth2.googleapis.com"


@pytest.mark.parametrize("host", [None, "accounts.google.com", "accounts.google.com:8443"])
def test_the_discovery_page_names_what_is_served(emulator: Emulator, host: str | None) -> None:
    headers = {"Host": host} if host else {}
    page = emulator.http.get("/.well-known/openid-configuration", headers=headers).json()
    addresses = {name: httpx2.URL(page[name]) for name in page if name.endswith(("point", "uri"))}
    assert len(addresses) == 5
    for name, address in addresses.items():
        assert emulator.http.request(
            "POST" if "token" in name or "revocation" in name else "GET",
            address.path,
            headers={"Host": address.netloc.decode()},
        ).status_code in (200, 400, 401), name
    if host is None:
        assert page["issuer"] == emulator.url
        assert {address.host for address in addresses.values()} == {"127.0.0.1"}
        return
    assert page["issuer"] == "https://accounts.google.com"
    assert addresses["token_endpoint"].host == "oauth2.googleapis.com"
    assert addresses["jwks_uri"].host == "www.googleapis.com"
    assert {address.port for address in addresses.values()} == {8443 if ":" in host else None}


def test_keys_and_tokens_outlive_a_reset_of_accounts(emulator: Emulator) -> None:
    before = emulator.http.get("/oauth2/v3/certs").json()
    emulator.reset()
    assert emulator.http.get("/oauth2/v3/certs").json() == before
