"""One refresh for all that need it: threads in several processes, on one database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from activities.access.packing import pack
from domain.secrets import Secret
from domain.states import ConnectionHealth
from platforms.protocol import Credential
from platforms.youtube import YouTube
from store.engine import Store
from store.keyring import Keyring, ensure_keyset_file
from store.queries import workspaces
from store.queries.access import connections, credentials
from store.vault import Vault
from testkit.database import postgres_cluster
from testkit.emulator import Emulator
from tests.support.google import app_at
from tests.support.refreshing import Crowd, crowd

REFRESH = "oauth.token.refresh"
CROWD = [13, 13, 12, 12]
REDIRECT = "http://127.0.0.1:9/back"


@dataclass(frozen=True)
class Scene:
    """A database, and those who want to publish by what is in it."""

    emulator: Emulator
    store: Store
    vault: Vault
    crowd: Crowd
    connection_id: str

    def expire(self, credential: Credential) -> None:
        """Let its token be of no use from now on."""
        ended = datetime.now(UTC) - timedelta(minutes=1)
        stale = replace(credential, access_token=Secret("expired"), expires_at=ended)
        with self.store.write() as session:
            credentials.keep_credential(session, self.vault, self.connection_id, secret=pack(stale))

    def ask(self) -> list[str]:
        return self.crowd.ask(self.connection_id)

    def health(self) -> str:
        with self.store.read() as session:
            return connections.get_connection_by_id(session, self.connection_id).health


@contextmanager
def scene(url: str, emulator: Emulator, folder: Path) -> Iterator[Scene]:
    ensure_keyset_file(folder / "keyset.json")
    store = Store(url)
    store.migrate()
    with store.write() as session:
        connection = connections.ensure_connection(
            session,
            workspace_id=workspaces.create_workspace(session, name="ours").id,
            platform="youtube",
            account_id="UC1",
            name="Ana Cooks",
            handle=None,
            thumbnail_url=None,
            scopes=[],
        )
    vault = Vault(Keyring.from_file(folder / "keyset.json"))
    with crowd(url, emulator.url, folder / "keyset.json", CROWD) as many:
        yield Scene(emulator, store, vault, many, connection.id)
    store.close()


@pytest.fixture(scope="module")
def on_sqlite(
    emulator_process: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("sqlite")
    with scene(f"sqlite:///{folder / 'castline.db'}", emulator_process, folder) as made:
        yield made


@pytest.fixture
def on_postgresql(emulator: Emulator, tmp_path: Path) -> Iterator[Scene]:
    with (
        postgres_cluster() as cluster,
        scene(cluster.create_migrated(), emulator, tmp_path) as made,
    ):
        yield made


@pytest.fixture
def credential(emulator: Emulator) -> Credential:
    """A channel's, really consented to."""
    youtube, verifier = YouTube(app_at(emulator.url), chunk_size=1 << 20), Secret("v" * 43)
    page = youtube.consent_url(state=Secret("s"), redirect_uri=REDIRECT, verifier=verifier)
    code = parse_qs(urlsplit(emulator.consent(page)).query)["code"][0]
    return youtube.redeem(code=Secret(code), redirect_uri=REDIRECT, verifier=verifier)


def need_it_at_once(scene: Scene, credential: Credential, *, rounds: int) -> None:
    # Long enough for everybody to come while it is under way.
    scene.emulator.fault(REFRESH, "slow", delay_seconds=0.1, times=None)
    for number in range(1, rounds + 1):
        scene.expire(credential)
        got = scene.ask()
        assert (len(got), len(set(got))) == (50, 1), got
        assert scene.emulator.calls(REFRESH) == number
    assert scene.health() == ConnectionHealth.HEALTHY


def test_fifty_threads_in_four_processes_make_one_refresh_call(
    on_sqlite: Scene, credential: Credential
) -> None:
    need_it_at_once(on_sqlite, credential, rounds=20)


def test_they_do_so_on_postgresql(on_postgresql: Scene, credential: Credential) -> None:
    need_it_at_once(on_postgresql, credential, rounds=5)


def test_a_blip_is_shared_and_marks_nothing(on_sqlite: Scene, credential: Credential) -> None:
    on_sqlite.expire(credential)
    on_sqlite.emulator.fault(REFRESH, "status", status=503, times=None)
    assert set(on_sqlite.ask()) == {"oauth_unavailable"}
    # The first to come is answered at once, so that there may be a second and a third.
    assert on_sqlite.emulator.calls(REFRESH) < 25
    assert on_sqlite.health() == ConnectionHealth.HEALTHY


def test_a_dead_grant_is_asked_about_once(on_sqlite: Scene, credential: Credential) -> None:
    on_sqlite.expire(credential)
    on_sqlite.emulator.fault(REFRESH, "slow", delay_seconds=0.1)
    on_sqlite.emulator.http.post("/revoke", data={"token": credential.access_token.reveal()})
    assert set(on_sqlite.ask()) == {"grant_dead"}
    assert on_sqlite.emulator.calls(REFRESH) == 1
    assert on_sqlite.health() == ConnectionHealth.NEEDS_REAUTH
