"""Small files that a payload names beside the video: a thumbnail, captions."""

from contextlib import closing

from domain.errors import SourceUnusable
from media.open import open_found
from media.policy import SourcePolicy

_PNG = b"\x89PNG\r\n\x1a\n"


def image_type(image: bytes) -> str:
    """The media type of a thumbnail: PNG by its signature, JPEG otherwise. Pure."""
    return "image/png" if image.startswith(_PNG) else "image/jpeg"


def read_attachment(policy: SourcePolicy, url: str, *, at_most: int) -> bytes:
    """The whole of a small file, from where `policy` lets files be read; `at_most` in bytes.

    Raises `SourceUnusable` (code `file_too_large`, or what the source says) and
    `SourceUnreachable`.
    """
    with closing(open_found(url, policy=policy)) as source:
        size = source.pin.size
        if size > at_most:
            raise SourceUnusable("file_too_large", f"The file is over {at_most >> 20} MiB.")
        content = bytearray(size)
        view = memoryview(content)
        source.seek(0)
        done = 0
        while done < size:
            done += source.read_into(view[done:])
        source.verify()
        return bytes(content)
