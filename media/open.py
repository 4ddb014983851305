"""Opens a source by its address: one reader per scheme."""

from collections.abc import Callable

from domain.errors import SourceUnusable
from media.file import FileSource, open_file
from media.https import HttpsSource, open_https
from media.policy import SourcePolicy
from media.source import Pin, Source, changed
from media.upload import open_upload

_READERS: dict[str, Callable[..., FileSource | HttpsSource]] = {
    "file": open_file,
    "upload": open_upload,
    "https": open_https,
    "http": open_https,
}


def open_source(url: str, *, pin: Pin, policy: SourcePolicy) -> Source:
    """Open the pinned version of the bytes at `url`. Close the source after use.

    Raises `SourceUnusable` with `source_changed` when another version lies there now,
    and whatever `open_found` raises.
    """
    source = open_found(url, policy=policy)
    if source.pin != pin:
        source.close()
        raise changed(pin, source.pin)
    return source


def open_found(url: str, *, policy: SourcePolicy) -> FileSource | HttpsSource:
    """Open whatever version lies at `url` now; its `pin` tells which.

    Raises `SourceUnusable` for an address that is not allowed, not there, refused by its
    origin or of unknown size, and `SourceUnreachable` when the origin does not answer now.
    """
    reader = _READERS.get(url.partition(":")[0].lower())
    if reader is None:
        raise SourceUnusable(
            "source_not_allowed", "A source is an https URL, a file URL or an upload."
        )
    return reader(url, policy=policy)
