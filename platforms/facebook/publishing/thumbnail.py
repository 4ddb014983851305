"""The one extra step there is: a picture of one's own for the video.

It may be run again at any time: the newest preferred picture is the one that is shown. The
image is small, so it is sent in one request.
"""

from collections.abc import Mapping
from typing import Any

from domain.states import StepName
from media.attachments import Attachment, NamedAttachment
from platforms.facebook.graph import Graph, Multipart
from platforms.facebook.limits import THUMBNAIL
from platforms.facebook.login import PUBLISH
from platforms.protocol import Credential
from platforms.steps import step_needs_its_scope

STEP_SCOPES: Mapping[StepName, tuple[str, ...]] = {StepName.THUMBNAIL: (PUBLISH,)}
_FIELD = "thumbnailUrl"


def extra_steps(payload: Mapping[str, Any]) -> tuple[StepName, ...]:
    """The steps that the payload's fields ask for. Pure."""
    return (StepName.THUMBNAIL,) if payload.get(_FIELD) else ()


def attachments(payload: Mapping[str, Any]) -> tuple[NamedAttachment, ...]:
    """The files that the payload names. Pure."""
    url = payload.get(_FIELD)
    return (NamedAttachment(_FIELD, url, THUMBNAIL),) if url else ()


def set_thumbnail(graph: Graph, credential: Credential, video_id: str, image: Attachment) -> None:
    """One call. A retry sets the same picture once more.

    Raises `PlatformRefusal` (code `step_not_granted`) for a grant that does not reach so far.
    """
    media_type = image.media_type(THUMBNAIL)
    form = Multipart(
        graph.form(credential.access_token, {"is_preferred": True}),
        part="source",
        file_name="thumbnail.png" if media_type == "image/png" else "thumbnail.jpg",
        content_type=media_type,
    )
    with step_needs_its_scope():
        graph.send_file(f"{video_id}/thumbnails", credential.access_token, form, image.content)
