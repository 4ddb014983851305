"""Registering videos.

The bytes are looked at before the answer, so that a file which is missing, empty, not a
video or out of bounds is refused at once; what was seen is pinned, and the transfer
refuses bytes that changed since.
"""

from api.context import Context
from api.services.intake import get_upload
from domain.errors import Conflict
from domain.ids import WorkspaceId
from media.facts import inspect
from media.policy import SourcePolicy
from media.source import VideoFacts
from store.queries.publishing import videos
from store.tables import Video


def register_video(
    here: Context,
    workspace_id: WorkspaceId,
    *,
    source_url: str,
    title: str | None,
    description: str | None,
) -> Video:
    """Inspect the source and write its video. A retry makes another one.

    Raises `SourceUnusable` and `SourceUnreachable` before anything is written.
    """
    facts = inspect(source_url, here.policy)
    return _write(here, workspace_id, source_url, facts, title, description)


def register_upload(
    here: Context,
    workspace_id: WorkspaceId,
    *,
    upload_id: str,
    title: str | None,
    description: str | None,
) -> Video:
    """The same for a finished upload of the resumable intake.

    Raises `NotFound`, and `Conflict` (code `upload_incomplete`).
    """
    upload = get_upload(here, workspace_id, upload_id)
    if not upload.is_complete:
        raise Conflict(
            "upload_incomplete", f"{upload.offset} of its {upload.size} bytes have arrived."
        )
    source_url = upload.path.as_uri()
    facts = inspect(source_url, SourcePolicy(roots=(upload.path.parent,)))
    return _write(here, workspace_id, source_url, facts, title, description)


def _write(
    here: Context,
    workspace_id: WorkspaceId,
    source_url: str,
    facts: VideoFacts,
    title: str | None,
    description: str | None,
) -> Video:
    with here.store.write() as session:
        return videos.create_video(
            session,
            workspace_id=workspace_id,
            source_url=source_url,
            facts=facts,
            title=title,
            description=description,
        )
