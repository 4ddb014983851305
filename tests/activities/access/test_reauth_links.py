"""Links that lead to a consent for as long as it is wanted."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest

from activities.access.reauth_links import ReauthLinks
from domain.errors import InvalidRequest
from domain.secrets import Secret
from domain.states import ConnectionHealth
from store.keyring import Keyring, create_keyset
from store.tables import Connection
from store.vault import Place, Vault

URL = "https://castline.example.com"


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring.from_json(create_keyset()))


@pytest.fixture
def links(vault: Vault) -> ReauthLinks:
    return ReauthLinks(vault, URL)


def a_connection() -> Connection:
    return Connection(
        workspace_id="wsp_1", platform="youtube", account_id="UC1", grant_id="UC1", name="A channel"
    )


def token_of(link: str) -> str:
    return link.removeprefix(f"{URL}/api/v1/oauth/reauth/")


def test_a_link_names_its_connection_and_shows_nothing_of_it(links: ReauthLinks) -> None:
    connection = a_connection()
    token = token_of(links.make(connection))
    way_in = links.open(token)
    way_in.check(connection)
    assert way_in.connection_id == connection.id
    assert token.replace("-", "").replace("_", "").isalnum()
    assert connection.id not in token


@pytest.mark.parametrize(
    ("health", "code", "sentence"),
    [
        (ConnectionHealth.HEALTHY, "link_done", "Nothing has to be done"),
        (ConnectionHealth.EXPIRING, "link_done", "Nothing has to be done"),
        (ConnectionHealth.NEEDS_REAUTH, "link_ended", "A newer notice"),
        (ConnectionHealth.INSUFFICIENT_SCOPE, "link_ended", "A newer notice"),
        (ConnectionHealth.DISCONNECTED, "link_ended", "was disconnected"),
    ],
)
def test_a_link_ends_with_the_next_consent_and_says_what_is_to_be_done(
    links: ReauthLinks, health: ConnectionHealth, code: str, sentence: str
) -> None:
    connection = a_connection()
    way_in = links.open(token_of(links.make(connection)))
    connection.connected_at += timedelta(microseconds=1)
    connection.health = health
    with pytest.raises(InvalidRequest) as refused:
        way_in.check(connection)
    assert refused.value.code == code
    assert sentence in refused.value.sentence


def test_a_link_ends_with_the_connection(links: ReauthLinks) -> None:
    connection = a_connection()
    way_in = links.open(token_of(links.make(connection)))
    connection.health = ConnectionHealth.DISCONNECTED
    with pytest.raises(InvalidRequest):
        way_in.check(connection)


def test_what_is_not_ours_leads_nowhere(links: ReauthLinks, vault: Vault) -> None:
    whole = token_of(links.make(a_connection()))
    elsewhere = Vault(Keyring.from_json(create_keyset()))
    others = token_of(ReauthLinks(elsewhere, URL).make(a_connection()))
    place = Place("credential", "sealed", "con_1")
    moved = urlsafe_b64encode(vault.seal(Secret("con_1 2026-11-22"), place)).decode()
    changed = whole[:20] + "AAAA" + whole[24:]
    for token in ("", "a", "ü", "%00", whole[:-4], changed, others, moved):
        with pytest.raises(InvalidRequest) as refused:
            links.open(token)
        assert refused.value.code == "link_unreadable"
        assert "incomplete" in refused.value.sentence
