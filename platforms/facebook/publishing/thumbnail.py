"""The one extra step there is: a picture of one's own for the video.

It may be run again at any time: the newest preferred picture is the one that is shown. The
image is small (10 MiB at most, a limit of ours), so it is read into memory and sent in one request.
"""

from collections.abc import Mapping
from typing import Any

from domain.errors import PlatformRefusal, ReauthorizationNeeded
from domain.states import StepName
from media.policy import SourcePolicy
from platforms.attachments import read_attachment
from platforms.facebook.graph import Graph, Multipart
from platforms.facebook.login import PUBLISH
from platforms.protocol import Credential

STEP_SCOPES: Mapping[StepName, tuple[str, ...]] = {StepName.THUMBNAIL: (PUBLISH,)}
MAX_IMAGE_BYTES = 10 << 20

_PNG = b"\x89PNG\r\n\x1a\n"


def extra_steps(payload: Mapping[str, Any]) -> tuple[StepName, ...]:
    """The steps that the payload's fields ask for. Pure."""
    return (StepName.THUMBNAIL,) if payload.get("thumbnailUrl") else ()


def set_thumbnail(
    graph: Graph, policy: SourcePolicy, credential: Credential, video_id: str, url: str
) -> None:
    """One call. A retry sets the same picture once more.

    A grant that does not reach so far is a refusal of this step (code `step_not_granted`),
    since the connection is none the worse for publishing.
    """
    image = read_attachment(policy, url, at_most=MAX_IMAGE_BYTES)
    is_png = image.startswith(_PNG)
    form = Multipart(
        graph.form(credential.access_token, {"is_preferred": True}),
        part="source",
        file_name="thumbnail.png" if is_png else "thumbnail.jpg",
        content_type="image/png" if is_png else "image/jpeg",
    )
    try:
        graph.send_file(f"{video_id}/thumbnails", credential.access_token, form, image)
    except ReauthorizationNeeded as error:
        if error.code != "scope_missing":
            raise
        raise PlatformRefusal(
            "step_not_granted", error.sentence, reason=error.reason, remedy=error.remedy
        ) from None
