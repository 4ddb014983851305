"""The API as a client meets it: tenants with keys, and platforms that answer as told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx2
from fastapi import FastAPI

from activities.access.packing import pack
from api.context import Context
from domain.secrets import Secret
from domain.states import AssignmentState
from media.source import Pin, VideoFacts
from platforms.facebook import Facebook, MetaApp
from platforms.protocol import Channel, Credential, FileCheck
from platforms.youtube import GoogleApp, YouTube
from platforms.youtube.channels import READ, UPLOAD
from store.queries import workspaces
from store.queries.access import connections, credentials
from store.queries.publishing import assignments, progress, videos
from store.tables import Assignment, Connection, Video, Workspace

PUBLIC_URL = "https://castline.example.com"
CALLER_PAGE = "https://app.example.com/connected"
NOWHERE = "http://127.0.0.1:9"
HOOK = "https://93.184.216.34/hook"
"""An endpoint that may be told: its public address needs no name server."""


class DirectedYouTube(YouTube):
    """The real adapter's words; its three calls to the platform answer as told."""

    def __init__(self) -> None:
        app = GoogleApp("id", Secret("secret"), f"{NOWHERE}/auth", NOWHERE, NOWHERE, f"{NOWHERE}/")
        super().__init__(app, chunk_size=1 << 20)
        self.forget()

    def forget(self) -> None:
        """Answer as if nobody had told it anything."""
        self.answer: Channel | Exception = Channel("UC1", "A channel", "Bread.", 12, None)
        self.failure: Exception | None = None
        self.revoked: list[str] = []
        self.meanwhile: Callable[[], object] | None = None
        """What happens elsewhere while a grant is revoked or a file is judged."""

    def channel(self, credential: Credential) -> Channel:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def revoke(self, credential: Credential) -> bool:
        if self.failure is not None:
            raise self.failure
        self.revoked.append(credential.access_token.reveal())
        self._let_it_happen()
        return True

    def check_file(self, type: str, facts: VideoFacts) -> FileCheck:
        self._let_it_happen()
        return super().check_file(type, facts)

    def refresh(self, credential: Credential) -> Credential:
        if self.failure is not None:
            raise self.failure
        return Credential(
            Secret("refreshed"), credential.refresh_token, _later(), credential.scopes
        )

    def _let_it_happen(self) -> None:
        """Once: what happens may come here again itself."""
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()


class DirectedFacebook(Facebook):
    """The real adapter's words; it notes what is revoked."""

    def __init__(self) -> None:
        app = MetaApp(
            app_id="1",
            app_secret=Secret("secret"),
            dialog_root=NOWHERE,
            graph_root=NOWHERE,
            version="v27.0",
        )
        super().__init__(app, chunk_size=1 << 20)
        self.forget()

    def forget(self) -> None:
        """Answer as if nobody had told it anything."""
        self.revoked: list[str] = []

    def revoke(self, credential: Credential) -> bool:
        self.revoked.append(credential.access_token.reveal())
        return True


@dataclass
class Tenant:
    """A workspace, its key, and what it may have."""

    context: Context
    workspace: Workspace
    http: httpx2.AsyncClient = field(repr=False)

    def connection(
        self, account_id: str = "UC1", platform: str = "youtube", *, grant_id: str | None = None
    ) -> Connection:
        grant = Credential(Secret("token"), Secret("refresh"), _later(), (UPLOAD, READ))
        with self.context.store.write() as session:
            connection = connections.ensure_connection(
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
            credentials.keep_credential(
                session,
                self.context.vault,
                connection.id,
                secret=pack(grant),
            )
        return connection

    def video(
        self,
        *,
        size: int = 5000,
        title: str | None = "Bread",
        shape: tuple[int, int] = (640, 360),
        duration_ms: int = 1000,
    ) -> Video:
        facts = VideoFacts(
            Pin(size, "v1"), "bread.mp4", "video/mp4", "MPEG-4", duration_ms, *shape, None
        )
        with self.context.store.write() as session:
            return videos.create_video(
                session,
                workspace_id=self.workspace.id,
                source_url="https://media.example.com/bread.mp4",
                facts=facts,
                title=title,
                description="How to bake.",
            )

    def assignment(self, *, origin: str = "v1") -> Assignment:
        connection, video = self.connection(), self.video()
        with self.context.store.write() as session:
            return assignments.create_assignment(
                session,
                workspace_id=self.workspace.id,
                connection_id=connection.id,
                video_id=video.id,
                platform="youtube",
                payload={"title": "Bread"},
                origin=origin,
            )

    def settle(
        self,
        assignment_id: str,
        state: AssignmentState,
        *,
        warnings: Mapping[str, str] | None = None,
        **columns: str,
    ) -> None:
        """Write what the workflow would write."""
        with self.context.store.write() as session:
            progress.record_state(
                session,
                assignment_id,
                state=state,
                wait_reason=None,
                wait_until=None,
                error_code=columns.get("error_code"),
                error=columns.get("error"),
                remedy=None,
                warnings=warnings or {},
                platform_url=columns.get("platform_url"),
            )


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def client(app: FastAPI, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL, headers=headers
    )


def tenant_of(app: FastAPI, name: str) -> Tenant:
    context = app.state.context
    with context.store.write() as session:
        workspace = workspaces.create_workspace(session, name=name)
        workspaces.allow_redirect(session, workspace.id, prefix="https://app.example.com/")
        _, key = workspaces.create_key(session, workspace_id=workspace.id)
    return Tenant(context, workspace, client(app, {"Authorization": f"Bearer {key.reveal()}"}))
