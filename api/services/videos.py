"""Registering videos.

The bytes are looked at before the answer, so that a file which is missing, empty, not a
video or out of bounds is refused at once; what was seen is pinned, and the transfer
refuses bytes that changed since.
"""

from dataclasses import replace

from api.context import Context
from api.services.intake import require_complete
from domain.errors import SourceUnusable
from domain.ids import WorkspaceId
from media.facts import inspect
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
    allow_truncated: bool = False,
) -> Video:
    """Inspect the source and write its video. A retry makes another one.

    An upload that is registered is kept from then on. Raises what `inspect_source` raises, before
    anything is written.
    """
    facts = inspect_source(here, workspace_id, source_url, allow_truncated=allow_truncated)
    with here.store.write() as session:
        return videos.create_video(
            session,
            workspace_id=workspace_id,
            source_url=source_url,
            facts=facts,
            title=title,
            description=description,
        )


def inspect_source(
    here: Context, workspace_id: WorkspaceId, source_url: str, *, allow_truncated: bool = False
) -> VideoFacts:
    """What the workspace's policy lets us see at an address.

    Raises as `media.facts.inspect` does, `SourceUnusable` (code `source_truncated`) for a file
    that ends too early unless that is allowed, and for an upload `NotFound` and `Conflict` (code
    `upload_incomplete`).
    """
    facts = _inspect(here, workspace_id, source_url)
    if facts.is_truncated and not allow_truncated:
        raise SourceUnusable(
            "source_truncated",
            "The file is shorter than its container says, so its end is probably missing. Send "
            "the whole file. To publish it as it is, register it with allowTruncated.",
        )
    return facts


def _inspect(here: Context, workspace_id: WorkspaceId, source_url: str) -> VideoFacts:
    upload = require_complete(here, workspace_id, source_url)
    if upload is None:
        return inspect(source_url, here.policies.of(workspace_id))
    if not upload.size:
        raise SourceUnusable("source_empty", "The file is empty.")
    facts = inspect(source_url, here.policies.of(workspace_id))
    if facts.pin.size != upload.size:
        raise SourceUnusable(
            "source_changed", "The stored file is not the one that was sent. Upload it again."
        )
    return replace(facts, file_name=upload.file_name)
