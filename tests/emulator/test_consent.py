"""The consent pages: what a person can decide, and what the client gets to hear."""

import httpx2
import pytest

from testkit.emulator import ANA, Emulator
from tests.emulator.stranger import (
    AUTH,
    MANAGE,
    READ,
    REDIRECT,
    UPLOAD,
    VERIFIER,
    Stranger,
    challenge,
    query_of,
)

EMAIL = "https://www.googleapis.com/auth/userinfo.email"


@pytest.fixture
def stranger(emulator: Emulator) -> Stranger:
    """A client nobody has consented to."""
    return Stranger(emulator)


def test_the_page_is_for_a_person(stranger: Stranger) -> None:
    page = stranger.emulator.http.get(stranger.auth_url())
    assert page.headers["content-type"].startswith("text/html")
    for words in ("Ana", "Bakery Brand", "no channel", "Manage your YouTube videos", "Allow"):
        assert words in page.text


def test_allowing_sends_code_and_state_back(stranger: Stranger) -> None:
    location = stranger.emulator.consent(stranger.auth_url(state="x y/+&"))
    assert location.startswith(REDIRECT + "?")
    answer = query_of(location)
    assert answer["state"] == "x y/+&"
    assert answer["code"].startswith("4/0A")
    assert set(answer["scope"].split()) == {UPLOAD, READ, MANAGE}
    assert (answer["authuser"], answer["prompt"]) == ("0", "consent")


def test_extras_of_the_callback_can_be_switched(stranger: Stranger) -> None:
    stranger.emulator.switch(callback_extras=False, callback_issuer=False)
    answer = query_of(stranger.emulator.consent(stranger.auth_url()))
    assert answer.keys() == {"state", "code", "scope"}


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_the_callback_names_the_issuer_of_the_discovery_document(
    stranger: Stranger, decision: str
) -> None:
    told = stranger.emulator.http.get("/.well-known/openid-configuration").json()["issuer"]
    answer = query_of(stranger.emulator.consent(stranger.auth_url(), decision=decision))
    assert answer["iss"] == told


def test_consent_alone_reuses_the_browsers_last_identity(stranger: Stranger) -> None:
    emulator, brand = stranger.emulator, stranger.emulator.channel("Bakery Brand")["id"]
    with httpx2.Client(base_url=emulator.url) as browser:
        emulator.consent(stranger.auth_url(prompt="consent"), ANA, browser=browser)
        page = browser.get(stranger.auth_url(prompt="consent")).text
        assert ANA in page
        assert "Bakery Brand" not in page
        again = emulator.consent(stranger.auth_url(prompt="consent"), brand, browser=browser)
    assert channel_of(stranger, again) != brand


def test_select_account_shows_the_chooser_again(stranger: Stranger) -> None:
    emulator, brand = stranger.emulator, stranger.emulator.channel("Bakery Brand")["id"]
    url = stranger.auth_url(prompt="select_account consent")
    with httpx2.Client(base_url=emulator.url) as browser:
        emulator.consent(url, ANA, browser=browser)
        assert "Bakery Brand" in browser.get(url).text
        chosen = emulator.consent(url, brand, browser=browser)
        assert channel_of(stranger, chosen) == brand
        # And a brand channel is a last identity, too.
        assert ANA not in browser.get(stranger.auth_url(prompt="consent")).text.split("brand ch")[0]


def channel_of(stranger: Stranger, location: str) -> str:
    """The channel for which the code of a callback stands."""
    stranger.access_token = stranger.exchange(query_of(location)["code"]).json()["access_token"]
    mine = stranger.ask("GET", "/youtube/v3/channels?part=id&mine=true").json()
    channel_id: str = mine["items"][0]["id"]
    return channel_id


def test_denying_sends_access_denied_back(stranger: Stranger) -> None:
    location = stranger.emulator.consent(stranger.auth_url(), decision="deny")
    answer = query_of(location)
    assert (answer["error"], answer["state"]) == ("access_denied", "a state")
    assert "code" not in answer


def test_only_what_is_ticked_is_granted(stranger: Stranger) -> None:
    tokens = stranger.exchange(stranger.code(scopes=[READ])).json()
    assert tokens["scope"] == READ


def test_a_tick_for_what_was_not_asked_grants_nothing(stranger: Stranger) -> None:
    code = stranger.code(scopes=[READ, MANAGE], scope=f"{READ} {UPLOAD}")
    assert stranger.exchange(code).json()["scope"] == READ


def test_no_tick_at_all_is_a_denial(stranger: Stranger) -> None:
    location = stranger.emulator.consent(stranger.auth_url(), scopes=[])
    assert query_of(location)["error"] == "access_denied"


def test_a_single_scope_has_no_tick_box(stranger: Stranger) -> None:
    url = stranger.auth_url(scope=UPLOAD)
    assert 'type="checkbox"' not in stranger.emulator.http.get(url).text
    assert stranger.exchange(stranger.code(scopes=[], scope=UPLOAD)).json()["scope"] == UPLOAD


def test_signing_in_has_no_tick_box_but_what_is_beside_it_has(stranger: Stranger) -> None:
    code = stranger.code(scopes=[], scope=f"openid email {UPLOAD}")
    assert set(stranger.exchange(code).json()["scope"].split()) == {"openid", EMAIL}


def test_the_partial_account_grants_everything_but_uploading(stranger: Stranger) -> None:
    tokens = stranger.exchange(stranger.code("partial@example.test")).json()
    assert set(tokens["scope"].split()) == {READ, MANAGE}


def test_a_hinted_account_is_chosen_and_its_boxes_are_as_it_has_them(stranger: Stranger) -> None:
    page = stranger.emulator.http.get(stranger.auth_url(login_hint="partial@example.test")).text
    box = page.split(f'name="scope" value="{UPLOAD}"')[1].split(">")[0]
    assert "checked" not in box
    radio = page.split('value="partial@example.test"')[1].split(">")[0]
    assert "checked" in radio


def test_a_brand_channel_is_an_identity_of_its_own(stranger: Stranger) -> None:
    brand = stranger.emulator.channel("Bakery Brand")["id"]
    path = "/youtube/v3/channels?part=id&mine=true"
    stranger.connect(brand)
    assert [item["id"] for item in stranger.ask("GET", path).json()["items"]] == [brand]
    stranger.connect("ben@example.test")
    own = stranger.emulator.channel("Ben")["id"]
    assert [item["id"] for item in stranger.ask("GET", path).json()["items"]] == [own]


def test_a_seeded_account_can_be_chosen(stranger: Stranger) -> None:
    account = stranger.emulator.account("cleo@example.test", channels=[{"title": "Cleo"}])
    stranger.connect("cleo@example.test")
    mine = stranger.ask("GET", "/youtube/v3/channels?part=id&mine=true").json()
    assert mine["items"][0]["id"] == account["channels"][0]["id"]


def test_what_was_granted_before_needs_no_page(stranger: Stranger) -> None:
    stranger.connect()
    url = stranger.auth_url(login_hint=ANA)
    answer = stranger.emulator.http.get(url)
    assert answer.status_code == 302
    tokens = stranger.exchange(query_of(answer.headers["location"])["code"]).json()
    assert "refresh_token" not in tokens


def test_prompt_none_without_a_grant_needs_a_person(stranger: Stranger) -> None:
    answer = stranger.emulator.http.get(stranger.auth_url(prompt="none"))
    assert query_of(answer.headers["location"])["error"] == "interaction_required"


def test_earlier_grants_can_be_included(stranger: Stranger) -> None:
    stranger.exchange(stranger.code(scope=READ))
    alone = stranger.exchange(stranger.code(scope=UPLOAD)).json()
    assert alone["scope"] == UPLOAD
    code = stranger.code(scope=MANAGE, include_granted_scopes="true")
    together = stranger.exchange(code).json()
    assert set(together["scope"].split()) == {READ, UPLOAD, MANAGE}


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"redirect_uri": "https://elsewhere.test/cb"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "https://127.0.0.1/cb"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://127.0.0.1/cb#x"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": ""}, 400, "redirect_uri_mismatch"),
        ({"scope": f"{AUTH}youtube.nonsense"}, 400, "invalid_scope"),
        ({"scope": ""}, 400, "invalid_request"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"code_challenge": "x", "code_challenge_method": "S512"}, 400, "invalid_request"),
    ],
)
def test_what_google_refuses_it_refuses_on_its_own_page(
    stranger: Stranger, query: dict[str, str], status: int, word: str
) -> None:
    answer = stranger.emulator.http.get(stranger.auth_url(**query))
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert word in answer.text


def test_a_deleted_client_is_told_so(stranger: Stranger) -> None:
    stranger.emulator.client("old", deleted=True)
    page = stranger.emulator.http.get(stranger.auth_url(client_id="old"))
    assert page.status_code == 401
    assert "deleted_client" in page.text


def test_a_registered_redirect_uri_must_match_exactly(stranger: Stranger) -> None:
    stranger.emulator.client("web", redirect_uris=["https://app.test/cb"])
    good = stranger.auth_url(client_id="web", redirect_uri="https://app.test/cb")
    assert stranger.emulator.consent(good).startswith("https://app.test/cb?")
    for other in ("https://app.test/cb/", "https://app.test/CB", "http://app.test/cb"):
        url = stranger.auth_url(client_id="web", redirect_uri=other)
        assert stranger.emulator.http.get(url).status_code == 400


def test_a_decision_is_taken_once(stranger: Stranger) -> None:
    page = stranger.emulator.http.get(stranger.auth_url()).text
    request_id = page.split('name="request_id" value="')[1].split('"')[0]
    form = {"request_id": request_id, "account": ANA, "scope": READ, "decision": "allow"}
    decide = "/o/oauth2/v2/auth/decision"
    assert stranger.emulator.http.post(decide, data=form).status_code == 302
    assert stranger.emulator.http.post(decide, data=form).status_code == 400


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_pkce_is_enforced_when_it_was_begun(stranger: Stranger, method: str) -> None:
    sent = challenge() if method == "S256" else VERIFIER

    def exchange(**form: str) -> httpx2.Response:
        code = stranger.code(code_challenge=sent, code_challenge_method=method)
        return stranger.exchange(code, **form)

    assert exchange().json()["error_description"] == "Missing code verifier."
    wrong = exchange(code_verifier="w" * 50)
    assert wrong.json()["error_description"] == "Invalid code verifier."
    assert exchange(code_verifier=VERIFIER).status_code == 200
