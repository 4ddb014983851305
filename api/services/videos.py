"""Registering videos.

The bytes are looked at before the answer, so that a file which is missing, empty, not a
video or out of bounds is refused at once; what was seen is pinned, and the transfer
refuses bytes that changed since.
"""

from dataclasses import replace

from api.context import Context
from api.services.intake import get_upload, upload_path
from domain.errors import Conflict, SourceUnusable
from domain.ids import WorkspaceId
from media.facts import inspect
from media.policy import SourcePolicy
from store.queries.publishing import uploads, videos
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
    with here.store.write() as session:
        return videos.create_video(
            session,
            workspace_id=workspace_id,
            source_url=source_url,
            facts=facts,
            title=title,
            description=description,
        )


def register_upload(
    here: Context,
    workspace_id: WorkspaceId,
    *,
    upload_id: str,
    title: str | None,
    description: str | None,
) -> Video:
    """The same for a finished upload of the resumable intake, which is kept from then on.

    Raises `NotFound`, `Conflict` (code `upload_incomplete`) and `SourceUnusable`.
    """
    upload = get_upload(here, workspace_id, upload_id)
    if not upload.is_complete:
        raise Conflict(
            "upload_incomplete",
            f"{upload.received} of its {upload.size} bytes have arrived. Send the rest first.",
        )
    if not upload.size:
        raise SourceUnusable("source_empty", "The file is empty.")
    path = upload_path(here, workspace_id, upload_id)
    source_url = path.as_uri()
    facts = inspect(source_url, SourcePolicy(roots=(path.parent,)))
    if facts.pin.size != upload.size:
        raise SourceUnusable(
            "source_changed", "The stored file is not the one that was sent. Upload it again."
        )
    with here.store.write() as session:
        uploads.keep_upload(session, workspace_id, upload_id)
        return videos.create_video(
            session,
            workspace_id=workspace_id,
            source_url=source_url,
            facts=replace(facts, file_name=upload.file_name),
            title=title,
            description=description,
            upload_id=upload_id,
        )
