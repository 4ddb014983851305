"""One `store` on each database, a vault, and a workspace with something in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.secrets import Secret
from media.source import Pin, VideoFacts
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries import workspaces
from store.queries.access import connections, credentials, tickets
from store.queries.publishing import assignments, videos
from store.tables import Assignment, Connection, Ticket, Video, Workspace
from store.vault import Vault
from testkit.database import Cluster, postgres_cluster

FACTS = VideoFacts(
    pin=Pin(size=5 << 30, version="v1"),
    file_name="holiday.mp4",
    content_type="video/mp4",
    container="mp4",
    duration_ms=1000,
    width=640,
    height=360,
    sha256=None,
)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database."""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster.create_migrated()
    url = f"sqlite:///{tmp_path / 'castline.db'}"
    store = Store(url, synchronous="normal")
    store.migrate()
    store.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster.create_database()
    path = tmp_path / "empty.db"
    path.touch()
    return f"sqlite:///{path}"


@pytest.fixture
def store(url: str, vault: Vault) -> Iterator[Store]:
    store = Store(url, vault, synchronous="normal")
    yield store
    store.close()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.from_json(create_keyset())


@pytest.fixture
def vault(keyring: Keyring) -> Vault:
    return Vault(keyring)


@dataclass(frozen=True)
class Tenant:
    """A workspace that makes its own things."""

    store: Store
    workspace: Workspace

    def connection(
        self, account_id: str = "UC1", *, platform: str = "youtube", grant_id: str | None = None
    ) -> Connection:
        with self.store.write() as session:
            return connections.ensure_connection(
                session,
                workspace_id=self.workspace.id,
                platform=platform,
                account_id=account_id,
                name="A channel",
                handle=None,
                thumbnail_url=None,
                scopes=["upload"],
                grant_id=grant_id,
            )

    def video(self) -> Video:
        with self.store.write() as session:
            return videos.create_video(
                session,
                workspace_id=self.workspace.id,
                source_url="file:///holiday.mp4",
                facts=FACTS,
            )

    def assignment(self) -> Assignment:
        connection, video = self.connection(), self.video()
        with self.store.write() as session:
            return assignments.create_assignment(
                session,
                workspace_id=self.workspace.id,
                connection_id=connection.id,
                video_id=video.id,
                platform="youtube",
                payload={"title": "Holiday"},
            )

    def ticket(self) -> Ticket:
        with self.store.write() as session:
            return tickets.create_ticket(
                session,
                workspace_id=self.workspace.id,
                platform="youtube",
                redirect_url=None,
                callback_url="http://127.0.0.1/callback",
                expires_at=datetime.now(UTC) + timedelta(minutes=5),
            )

    def credential(self, vault: Vault, connection_id: str, token: str = "first") -> None:
        with self.store.write() as session:
            credentials.keep_credential(
                session,
                vault,
                connection_id,
                secret=Secret(token),
            )


@pytest.fixture
def tenant(store: Store) -> Tenant:
    with store.write() as session:
        return Tenant(store, workspaces.create_workspace(session, name="ours"))


@pytest.fixture
def stranger(store: Store) -> Tenant:
    with store.write() as session:
        return Tenant(store, workspaces.create_workspace(session, name="theirs"))
