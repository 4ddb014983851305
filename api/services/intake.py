"""Bytes that customers send to us, kept on our own disk until they are published.

An upload is one file, named by the upload's id, and a note beside it; how long that file is says
how much has arrived, so there is nothing that could disagree with it after a crash. Bytes are on
the disk before they are acknowledged, and one request at a time may add to an upload. Nothing is
tidied up by itself: an upload stays until it is terminated.
"""

import fcntl
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread

from api.context import Context
from domain.errors import Conflict, NotFound, TooLarge
from domain.ids import WorkspaceId
from media.policy import uploads_folder
from media.upload import upload_id_of

MAX_SIZE = 256 * 1024**3
"""Bytes: the largest video that any platform takes."""

_ID = re.compile(r"upl_[0-9a-f]{32}")
_UNFIT = re.compile(r"[^\w.\- ]")


@dataclass(frozen=True, slots=True)
class Upload:
    id: str
    path: Path
    file_name: str
    """As its sender calls it."""
    size: int
    """Bytes that were announced."""

    @property
    def offset(self) -> int:
        """Bytes that have arrived."""
        return self.path.stat().st_size

    @property
    def is_complete(self) -> bool:
        return self.offset == self.size


def create_upload(here: Context, workspace_id: WorkspaceId, *, size: int, file_name: str) -> Upload:
    """Announce an upload. Raises `TooLarge`. A retry makes another one."""
    if size > MAX_SIZE:
        raise TooLarge("upload_too_large", f"An upload has {MAX_SIZE} bytes at most.")
    upload_id = f"upl_{secrets.token_hex(16)}"
    folder = uploads_folder(here.settings.data_dir, workspace_id)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    upload = Upload(upload_id, folder / upload_id, _fit(file_name), size)
    upload.path.touch(mode=0o600)
    # Last: an upload without this note was never announced.
    _note(upload.path).write_text(json.dumps({"name": upload.file_name, "size": size}))
    return upload


def get_upload(here: Context, workspace_id: WorkspaceId, upload_id: str) -> Upload:
    """Raises `NotFound`, in the same words for a foreign one."""
    path = uploads_folder(here.settings.data_dir, workspace_id) / upload_id
    if _ID.fullmatch(upload_id) and _note(path).exists():
        note = json.loads(_note(path).read_text())
        return Upload(upload_id, path, note["name"], note["size"])
    raise NotFound("upload_not_found", "There is no such upload.")


def require_complete(here: Context, workspace_id: WorkspaceId, source_url: str) -> Upload | None:
    """The upload that an address names, all of whose bytes have come; None for other addresses.

    Raises `NotFound`, and `Conflict` (code `upload_incomplete`).
    """
    upload_id = upload_id_of(source_url)
    if upload_id is None:
        return None
    upload = get_upload(here, workspace_id, upload_id)
    if not upload.is_complete:
        raise Conflict(
            "upload_incomplete", f"{upload.offset} of its {upload.size} bytes have arrived."
        )
    return upload


async def append(upload: Upload, *, offset: int, pieces: AsyncIterator[bytes]) -> int:
    """Add what comes, and return how much is there now; what came before a break stays.

    Raises `Conflict` for another offset than the file's end and while another request is
    at it, and `TooLarge` for more bytes than were announced.
    """
    with _opened(upload) as file:
        if offset != upload.offset:
            raise Conflict("wrong_offset", f"The next byte is number {upload.offset}.")
        try:
            async for piece in pieces:
                offset += len(piece)
                if offset > upload.size:
                    raise TooLarge("upload_too_large", "These are more bytes than announced.")
                await to_thread.run_sync(file.write, piece)
        finally:
            await to_thread.run_sync(_keep, file)
        return upload.offset


def discard_upload(here: Context, workspace_id: WorkspaceId, upload_id: str) -> None:
    """Terminate an upload and forget its bytes. Raises `NotFound`."""
    upload = get_upload(here, workspace_id, upload_id)
    _note(upload.path).unlink(missing_ok=True)
    upload.path.unlink(missing_ok=True)


@contextmanager
def _opened(upload: Upload) -> Iterator[BinaryIO]:
    with upload.path.open("ab", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("upload_busy", "Another request adds to this upload.") from None
        yield file


def _keep(file: BinaryIO) -> None:
    os.fsync(file.fileno())


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _fit(file_name: str) -> str:
    """A file name for any disk; the extension stays, since it tells the type."""
    name = _UNFIT.sub("_", file_name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    return name[-100:] or "video"
