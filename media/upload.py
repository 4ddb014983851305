"""A source that a workspace uploaded to us, named by its upload id: `upload:<id>`.

An upload is one plain file in its workspace's folder. The id is all that an address can say, and
the folder comes from the policy, so no address reaches another workspace's upload.
"""

import os

from domain.errors import SourceUnusable
from domain.ids import is_id
from media.file import NOT_THERE, FileSource, missing, unreadable
from media.policy import SourcePolicy

SCHEME = "upload:"
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY


def upload_url(upload_id: str) -> str:
    """The source address of an upload."""
    return SCHEME + upload_id


def upload_id_of(url: str) -> str | None:
    """The id in an `upload:` address; None for any other address."""
    return url[len(SCHEME) :] if url.lower().startswith(SCHEME) else None


def open_upload(url: str, *, policy: SourcePolicy) -> FileSource:
    """Open an upload of the policy's workspace, as it is now.

    Raises `SourceUnusable` with `source_not_allowed` for what is no upload id, and
    `source_missing` for an upload that is not there, in the same words for a foreign one.
    """
    upload_id = upload_id_of(url) or ""
    if policy.uploads is None or not is_id(upload_id):
        raise SourceUnusable("source_not_allowed", "An upload is named by its id: upload:<id>.")
    name = f"The upload {upload_id}"
    try:
        folder = os.open(policy.uploads, _FOLDER)
    except OSError as error:
        raise (missing(name) if error.errno in NOT_THERE else unreadable(name)) from None
    try:
        return FileSource.open(policy.uploads / upload_id, name, folder)
    finally:
        os.close(folder)
