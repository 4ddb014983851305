"""Whose word makes a connection need a person, and on which of its credentials."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from domain.secrets import Secret
from domain.states import ConnectionHealth, TokenLife
from platforms.protocol import Credential
from store.tables import CredentialRow, Workspace
from tests.activities.conftest import SCOPES, VAULT, DirectedPlatform, Installation, credential
from tests.support.meanwhile import MeanwhileStore

REJECTED = ReauthorizationNeeded("token_rejected", "This token is no good.")
REVOKED = ReauthorizationNeeded("grant_revoked", "The grant is gone.")


class Calls:
    """A call of the platform that fails as it is told, and notes with which tokens it was made."""

    def __init__(self, installation: Installation, *failures: ReauthorizationNeeded) -> None:
        self.installation = installation
        self.failures = list(failures)
        self.tokens: list[str] = []
        self.meanwhile: list[str] = []
        """The tokens that a person authorizes during the calls, one in each."""

    def __call__(self, given: Credential) -> str:
        self.tokens.append(given.access_token.reveal())
        if self.meanwhile:
            self.installation.authorize(self.meanwhile.pop(0))
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    def make(self) -> str:
        return self.installation.keeper.use(self.installation.connection_id, self)

    def attempt(self) -> None:
        """Make it, and meet the failure."""
        with pytest.raises(ReauthorizationNeeded):
            self.make()


def health(installation: Installation) -> tuple[str, str | None]:
    connection = installation.connection()
    return connection.health, connection.health_reason


def test_a_rejected_token_is_refreshed_and_the_call_made_again(installation: Installation) -> None:
    calls = Calls(installation, REJECTED)
    assert calls.make() == "done"
    assert calls.tokens == ["first", "refreshed"]
    assert health(installation) == (ConnectionHealth.HEALTHY, None)


def test_a_token_that_is_rejected_after_its_refresh_needs_a_person(
    installation: Installation,
) -> None:
    calls = Calls(installation, REJECTED, REJECTED)
    with pytest.raises(ReauthorizationNeeded):
        calls.make()
    assert health(installation) == (ConnectionHealth.NEEDS_REAUTH, "token_rejected")


def test_the_platforms_last_word_is_written_down_and_no_call_is_made_after_it(
    installation: Installation,
) -> None:
    calls = Calls(installation, REVOKED)
    for _ in range(2):
        with pytest.raises(ReauthorizationNeeded) as caught:
            calls.make()
        assert caught.value.code == "grant_revoked"
    assert calls.tokens == ["first"]
    assert health(installation) == (ConnectionHealth.NEEDS_REAUTH, "grant_revoked")


@pytest.mark.parametrize(
    ("failures", "meanwhile", "tokens"),
    [
        ([REVOKED], ["second"], ["first", "second"]),
        ([REJECTED], ["second"], ["first", "second"]),
        ([REVOKED, REVOKED], ["second", "third"], ["first", "second", "third"]),
    ],
)
def test_a_word_on_an_older_credential_says_nothing_about_a_newer_one(
    installation: Installation,
    failures: list[ReauthorizationNeeded],
    meanwhile: list[str],
    tokens: list[str],
) -> None:
    calls = Calls(installation, *failures)
    calls.meanwhile = meanwhile
    assert calls.make() == "done"
    assert calls.tokens == tokens
    assert health(installation) == (ConnectionHealth.HEALTHY, None)


def test_a_refresh_that_fails_while_a_person_authorizes_leaves_the_connection_healthy(
    installation: Installation,
) -> None:
    installation.authorize("old", lives=timedelta(0))

    def refresh(_: Credential) -> Credential:
        installation.authorize("new")
        raise REVOKED

    installation.platform.refreshing = refresh
    current = installation.keeper.current(installation.connection_id)
    assert current.access_token == Secret("new")
    assert health(installation) == (ConnectionHealth.HEALTHY, None)


def test_a_refresh_that_lands_too_late_takes_nothing_from_what_a_person_authorized(
    installation: Installation,
) -> None:
    installation.authorize("old", lives=timedelta(0))

    def refresh(_: Credential) -> Credential:
        installation.authorize("new")
        return credential("late")

    installation.platform.refreshing = refresh
    current = installation.keeper.current(installation.connection_id)
    assert current.access_token == Secret("new")
    assert installation.keeper.current(installation.connection_id) == current


def test_a_token_that_the_platform_gives_little_time_is_not_refreshed_before_every_call(
    installation: Installation,
) -> None:
    installation.authorize("old", lives=timedelta(0))
    asked = []

    def refresh(old: Credential) -> Credential:
        asked.append(old)
        return credential("short", lives=timedelta(minutes=2))

    installation.platform.refreshing = refresh
    for _ in range(3):
        current = installation.keeper.current(installation.connection_id)
        assert current.access_token == Secret("short")
    assert len(asked) == 1


def test_a_token_near_its_end_is_renewed_before_it_is_taken_into_a_call(
    installation: Installation,
) -> None:
    installation.authorize("old", lives=timedelta(minutes=4))
    with installation.store.write() as session:
        row = session.get_one(CredentialRow, installation.connection_id)
        row.refreshed_at -= timedelta(minutes=2)
    current = installation.keeper.current(installation.connection_id)
    assert current.access_token == Secret("refreshed")


def test_a_refresh_that_gives_the_same_token_is_no_news(installation: Installation) -> None:
    def numbers() -> int:
        with installation.store.read() as session:
            return session.get_one(Workspace, installation.workspace.id).last_event_number

    before = numbers()
    installation.platform.refreshing = lambda old: old
    installation.keeper.check(installation.connection_id)
    assert numbers() == before
    installation.platform.refreshing = None
    installation.keeper.check(installation.connection_id)
    assert numbers() == before + 1


def test_one_that_the_platform_refreshes_again_is_well_again(installation: Installation) -> None:
    Calls(installation, REVOKED).attempt()
    assert health(installation) == (ConnectionHealth.NEEDS_REAUTH, "grant_revoked")
    installation.keeper.renew(installation.connection_id, Secret("first"))
    assert health(installation) == (ConnectionHealth.HEALTHY, None)


@pytest.mark.parametrize(
    ("scopes", "after"),
    [(SCOPES, ConnectionHealth.HEALTHY), (SCOPES[1:], ConnectionHealth.INSUFFICIENT_SCOPE)],
)
def test_one_that_lacked_a_scope_is_well_once_it_was_granted(
    installation: Installation, scopes: tuple[str, ...], after: ConnectionHealth
) -> None:
    Calls(installation, ReauthorizationNeeded("scope_missing", "It was not granted.")).attempt()
    assert health(installation)[0] == ConnectionHealth.INSUFFICIENT_SCOPE
    installation.platform.refreshing = lambda _: Credential(Secret("fresh"), None, None, scopes)
    installation.keeper.renew(installation.connection_id, Secret("first"))
    assert health(installation)[0] == after


def test_a_blip_during_a_refresh_leaves_the_connection_healthy(installation: Installation) -> None:
    installation.authorize("old", lives=timedelta(0))
    installation.platform.failure = PlatformUnavailable("oauth_unavailable", "It is away.")
    with pytest.raises(PlatformUnavailable):
        installation.keeper.current(installation.connection_id)
    assert health(installation) == (ConnectionHealth.HEALTHY, None)


def test_a_refresh_notes_what_time_will_do_to_the_credential(installation: Installation) -> None:
    ends = datetime(2027, 3, 1, tzinfo=UTC)
    installation.platform.refreshing = lambda _: Credential(
        Secret("fresh"), None, None, SCOPES, data_access_ends_at=ends
    )
    installation.keeper.renew(installation.connection_id, Secret("first"))
    connection = installation.connection()
    assert (connection.token_life, connection.data_access_ends_at) == (TokenLife.PERMANENT, ends)


@pytest.mark.parametrize(
    ("refresh", "expires", "life"),
    [
        (Secret("refresh"), True, TokenLife.RENEWED),
        (None, True, TokenLife.LIMITED),
        (None, False, TokenLife.PERMANENT),
    ],
)
def test_a_token_lives_as_its_ends_say(
    refresh: Secret | None, expires: bool, life: TokenLife
) -> None:
    ends = credential("any").expires_at if expires else None
    assert Credential(Secret("any"), refresh, ends, ()).clocks.token_life is life


def test_the_last_word_on_a_token_says_nothing_of_what_a_person_authorizes_before_it_is_written(
    tmp_path: Path,
) -> None:
    store = MeanwhileStore(f"sqlite:///{tmp_path / 'castline.db'}", VAULT)
    store.migrate()
    installation = Installation(store, DirectedPlatform())
    store.meanwhile = lambda: installation.authorize("second")
    with pytest.raises(ReauthorizationNeeded):
        installation.keeper.replace(installation.connection_id, Secret("first"), REVOKED)
    assert health(installation) == (ConnectionHealth.HEALTHY, None)
    store.close()
