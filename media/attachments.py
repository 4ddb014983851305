"""Small files beside a video, such as a thumbnail or captions: read once, whole, and judged.

One reader serves acceptance and steps. It needs no Content-Length, its memory grows only with
the bytes that have come, and an origin that is too slow is left: below `FLOOR` bytes per second
on average after `GRACE` seconds, or not at the end after `SECONDS`. What the bytes are is decided
by the bytes alone, never by a name or a header, so no other kind of file is published this way.
"""

import hashlib
import io
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from dataclasses import field as attribute
from enum import StrEnum

from domain.errors import SourceUnreachable, SourceUnusable
from media.captions import recognise_captions
from media.https import version_of
from media.images import recognise_image
from media.open import open_found
from media.origin import ANSWER_SECONDS, get
from media.pages import looks_like_page, page_error
from media.policy import SourcePolicy
from media.response import FILL_SECONDS, Response

SECONDS = 60.0
"""For one file: a slot is held meanwhile."""
FLOOR = 64 * 1024
"""Bytes per second on average. A slow phone's uplink has more."""
GRACE = 5.0
"""Seconds before the average counts: a handshake and a cold cache take their time."""
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a read may take. Seconds, and bytes per second."""

    seconds: float = SECONDS
    floor: float = FLOOR
    grace: float = GRACE


PACE = Pace()


class AttachmentKind(StrEnum):
    IMAGE = "image"
    CAPTIONS = "captions"


@dataclass(frozen=True, slots=True)
class AttachmentRule:
    """What a platform takes. Sizes in bytes, sides in pixels."""

    kind: AttachmentKind
    max_bytes: int
    max_side: int = 0
    """Of images: neither width nor height may be more."""


@dataclass(frozen=True, slots=True)
class NamedAttachment:
    """A file that a payload names."""

    field: str
    """The payload's field, as error details call it."""
    url: str = attribute(repr=False)
    rule: AttachmentRule = attribute(repr=False)
    item: int | None = None
    """Which one it is, counted from 1, where the field names several."""


@dataclass(frozen=True, slots=True)
class AttachmentPin:
    """What was accepted at an address: a step sends these bytes or none."""

    field: str
    url: str = attribute(repr=False)
    size: int
    version: str
    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A whole file, and what it is."""

    content: bytes = attribute(repr=False)
    version: str
    """As of a video's pin: for people, since `sha256` identifies the bytes."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def media_type(self, rule: AttachmentRule) -> str:
        """What the bytes are, where the rule takes them.

        Raises `SourceUnusable` with `attachment_too_large`, `attachment_not_an_image`,
        `attachment_not_captions`, `attachment_truncated` or `attachment_dimensions`. Pure.
        """
        if len(self.content) > rule.max_bytes:
            raise _too_large(rule.max_bytes)
        if rule.kind is AttachmentKind.CAPTIONS:
            return _captions_type(self.content)
        return _image_type(self.content, rule)

    def pin(self, named: NamedAttachment) -> AttachmentPin:
        """The pin of this file for one of the fields that name it. Raises as `media_type` does."""
        return AttachmentPin(
            field=named.field,
            url=named.url,
            size=len(self.content),
            version=self.version,
            sha256=self.sha256,
            media_type=self.media_type(named.rule),
        )


ReadAttachment = Callable[[NamedAttachment], Attachment]


def read_attachment(
    policy: SourcePolicy, url: str, *, at_most: int, pace: Pace = PACE
) -> Attachment:
    """Read the whole of a small file from where `policy` lets files be read.

    `at_most` is in bytes. Reads only; reading again does no harm.

    Raises `SourceUnusable` (`attachment_too_large`, `source_is_a_page`, `source_encoded`,
    and what the source says) and `SourceUnreachable` (`source_unreachable`, and `source_too_slow`
    for an origin below the pace).
    """
    if url.partition(":")[0].lower() in ("https", "http"):
        return _read_url(policy, url, at_most, pace)
    return _read_file(policy, url, at_most)


def _read_url(policy: SourcePolicy, url: str, at_most: int, pace: Pace) -> Attachment:
    end = time.monotonic() + pace.seconds
    within = min(pace.seconds, ANSWER_SECONDS)
    with closing(get(url, policy=policy, headers={}, within=within)) as response:
        if response.status != 200:
            raise SourceUnusable(
                "source_refused", f"{response.host} answered {response.status}, not the whole file."
            )
        content = _read_body(response, at_most, pace, end)
        if looks_like_page(content):
            raise page_error(url, response.host)
        return Attachment(content, version_of(response))


def _read_body(response: Response, at_most: int, pace: Pace, end: float) -> bytes:
    response.refuse_encoded()
    if (response.length or 0) > at_most:
        raise _too_large(at_most)
    content, piece = io.BytesIO(), memoryview(bytearray(_PIECE))
    began = time.monotonic()
    while not response.is_over:
        # When the average falls below the floor if nothing more comes.
        earned = max(pace.grace, content.tell() / pace.floor)
        left = min(end, began + earned) - time.monotonic()
        if left <= 0:
            raise SourceUnreachable(
                "source_too_slow",
                f"{response.host} sends this file too slowly. Try again, or use a faster server.",
            )
        content.write(piece[: response.read_into(piece, seconds=min(left, FILL_SECONDS))])
        if content.tell() > at_most:
            raise _too_large(at_most)
    return content.getvalue()


def _read_file(policy: SourcePolicy, url: str, at_most: int) -> Attachment:
    with closing(open_found(url, policy=policy)) as source:
        if source.pin.size > at_most:
            raise _too_large(at_most)
        content, piece = io.BytesIO(), memoryview(bytearray(_PIECE))
        while content.tell() <= at_most and (count := source.read_into(piece)):
            content.write(piece[:count])
        source.verify(lambda: None)
        return Attachment(content.getvalue(), source.pin.version)


def _image_type(content: bytes, rule: AttachmentRule) -> str:
    image = recognise_image(content)
    if image is None:
        raise SourceUnusable("attachment_not_an_image", "This file is not a JPEG or PNG image.")
    if not image.is_whole:
        raise SourceUnusable("attachment_truncated", "This image is cut off: its end is missing.")
    if not (0 < image.width <= rule.max_side and 0 < image.height <= rule.max_side):
        raise SourceUnusable(
            "attachment_dimensions",
            f"This image has {image.width} x {image.height} pixels. "
            f"Each side may have 1 to {rule.max_side}.",
        )
    return image.media_type


def _captions_type(content: bytes) -> str:
    media_type = recognise_captions(content)
    if media_type is None:
        raise SourceUnusable(
            "attachment_not_captions",
            "This file is not captions in a known format. Use SubRip (.srt) or WebVTT (.vtt), "
            "in UTF-8.",
        )
    return media_type


def _too_large(at_most: int) -> SourceUnusable:
    return SourceUnusable("attachment_too_large", f"The file is over {at_most >> 20} MiB.")
