"""A store with one assignment in it, and a platform that a test directs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.access.credentials import CredentialKeeper
from activities.access.packing import pack
from activities.publishing.transferring import TransferActivities
from domain.errors import PlatformUnavailable
from domain.secrets import Secret
from domain.shares import TransferLimits
from media.facts import inspect
from media.policy import SourcePolicies
from platforms.protocol import Credential, Live, Outcome, Publication
from platforms.registry import Registry
from platforms.youtube.channels import READ, UPLOAD
from platforms.youtube.publishing.resumable import ResumableUpload
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries import workspaces
from store.queries.access import connections, credentials
from store.queries.publishing import assignments, videos
from store.tables import Assignment, Connection
from store.vault import Vault
from testkit.clips import CLIP
from tests.support.api import DirectedYouTube
from tests.support.attachments import policies

SCOPES = (UPLOAD, READ)

LIMITS = TransferLimits(per_workspace=2, slow_bytes_per_second=64 * 1024, slow_window=60)


class DirectedPlatform(DirectedYouTube):
    """The real adapter's words; refreshing and publishing go as a test wants it."""

    def forget(self) -> None:
        super().forget()
        self.refreshing: Callable[[Credential], Credential] | None = None
        self.trouble: Exception | None = None
        """What the upload and everything after it meet."""
        self.discarded: list[str] = []
        self.uploaded_at: datetime | None = None
        """What the latest step was told of."""

    def refresh(self, credential: Credential) -> Credential:
        if self.refreshing is not None:
            return self.refreshing(credential)
        return super().refresh(credential)

    def upload(
        self,
        session: Secret,
        publication: Publication,
        access_token: Callable[[], Secret],
        *,
        fresh: bool = False,
        finish_sent_at: datetime | None = None,
    ) -> ResumableUpload:
        self._meet_trouble()
        return super().upload(
            session, publication, access_token, fresh=fresh, finish_sent_at=finish_sent_at
        )

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        self._meet_trouble()
        return Secret("session")

    def outcome(
        self,
        credential: Credential,
        platform_id: str,
        publication: Publication,
        *,
        uploaded_at: datetime | None = None,
    ) -> Outcome:
        self._meet_trouble()
        return Live("https://youtu.be/dQw")

    def run_step(self, *_: Any, uploaded_at: datetime | None = None, **__: Any) -> None:
        self.uploaded_at = uploaded_at
        self._meet_trouble()

    def discard_session(self, session: Secret, credential: Credential) -> None:
        self.discarded.append(session.reveal())

    def _meet_trouble(self) -> None:
        self._let_it_happen()
        if self.trouble is not None:
            raise self.trouble


class ShutPlatform(DirectedPlatform):
    """It opens sessions, and takes no byte."""

    def forget(self) -> None:
        super().forget()
        self.opened = 0

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        self.opened += 1
        return Secret(f"session {self.opened}")

    def upload(
        self,
        session: Secret,
        publication: Publication,
        access_token: object,
        *,
        fresh: bool = False,
        finish_sent_at: datetime | None = None,
    ) -> ResumableUpload:
        raise PlatformUnavailable("platform_unavailable", "The platform is away.")


def credential(token: str, *, lives: timedelta = timedelta(hours=1)) -> Credential:
    return Credential(Secret(token), Secret("refresh"), datetime.now(UTC) + lives, SCOPES)


VAULT = Vault(Keyring.from_json(create_keyset()))
"""Of every store of these tests."""


@dataclass
class Installation:
    """What activities work on, and what a person may do to it meanwhile."""

    store: Store
    platform: DirectedPlatform
    vault: Vault = VAULT
    policies: SourcePolicies = field(default_factory=lambda: policies(CLIP.parent))

    def __post_init__(self) -> None:
        self.registry = Registry({"youtube": self.platform})
        self.keeper = CredentialKeeper(self.store, self.vault, self.registry)
        self.transferring = TransferActivities(
            self.store, self.vault, self.registry, self.keeper, self.policies, LIMITS
        )
        with self.store.write() as session:
            self.workspace = workspaces.create_workspace(session, name="ours")
        self.connection_id = self.authorize("first").id

    def authorize(
        self, token: str, *, lives: timedelta = timedelta(hours=1), account_id: str = "UC1"
    ) -> Connection:
        """What a consent does."""
        given = credential(token, lives=lives)
        with self.store.write() as session:
            connection = connections.ensure_connection(
                session,
                workspace_id=self.workspace.id,
                platform="youtube",
                account_id=account_id,
                name="A channel",
                handle=None,
                thumbnail_url=None,
                scopes=given.scopes,
            )
            credentials.keep_credential(
                session,
                self.vault,
                connection.id,
                secret=pack(given),
            )
        return connection

    def connection(self) -> Connection:
        with self.store.read() as session:
            return connections.get_connection_by_id(session, self.connection_id)

    def assignment(self) -> Assignment:
        with self.store.write() as session:
            video = videos.create_video(
                session,
                workspace_id=self.workspace.id,
                source_url=CLIP.as_uri(),
                facts=inspect(CLIP.as_uri(), self.policies.of(self.workspace.id)),
            )
            return assignments.create_assignment(
                session,
                workspace_id=self.workspace.id,
                connection_id=self.connection_id,
                video_id=video.id,
                platform="youtube",
                payload={"title": "A clip"},
            )


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    store = Store(f"sqlite:///{tmp_path / 'castline.db'}", VAULT, synchronous="normal")
    store.migrate()
    yield Installation(store, DirectedPlatform())
    store.close()
