"""Bytes that customers send to us, kept on our own disk until they are published.

The row of an upload says how many bytes are on the disk, and is written after they are. Its
file is `<data folder>/media/<workspace>/<upload>`, and no name that a customer gave is part of
that path. The row is made before the file and deleted before it, so a crash leaves either an
upload without bytes, which can go on, or a file without a row, which the sweeper deletes.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TypeVar, TypeVarTuple

from anyio import CancelScope, CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from api.context import Context
from api.services.upload_file import UploadFile, remove, require_space
from domain.display import readable_name
from domain.errors import Conflict, NotFound, TooLarge
from domain.ids import WorkspaceId
from media.policy import intake_folder, uploads_folder
from media.upload import upload_id_of
from store.queries.publishing import uploads
from store.tables import Upload, now

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

MAX_SIZE = 256 * 1024**3
"""Bytes: the largest video that any platform takes."""

BLOCK_SIZE = 256 << 10
"""Bytes that a request gathers in memory for one write."""

SYNC_SIZE = 16 << 20
SYNC_SECONDS = 5.0
"""After so many bytes, or so long, what has come is synced and counted: a killed process costs
at most this much."""

_MAX_NAME = 255
_DISK_THREADS = 8
_limiter: RunVar[CapacityLimiter] = RunVar("castline_disk")


def upload_path(here: Context, workspace_id: str, upload_id: str) -> Path:
    """Where the bytes of an upload lie. `upload_id` must be the id of a row."""
    return uploads_folder(here.settings.data_dir, workspace_id) / upload_id


def create_upload(here: Context, workspace_id: WorkspaceId, *, size: int, file_name: str) -> Upload:
    """Announce an upload. A retry makes another one.

    Raises `TooLarge`, and `InsufficientStorage` with `disk_full`, `storage_quota_exceeded` or
    `too_many_uploads`.
    """
    if size > MAX_SIZE:
        raise TooLarge("upload_too_large", f"An upload has {MAX_SIZE} bytes at most.")
    require_space(intake_folder(here.settings.data_dir), size, floor=_floor(here))
    with here.store.write() as session:
        return uploads.create_upload(
            session,
            workspace_id=workspace_id,
            file_name=_shown_name(file_name),
            size=size,
            quota=int(here.settings.storage_quota_gib * 2**30),
            max_open=here.settings.upload_max_open,
            expires_at=_expiry(here, is_complete=not size),
        )


def get_upload(here: Context, workspace_id: WorkspaceId, upload_id: str) -> Upload:
    """Raises `NotFound`, in the same words for a foreign and an expired one."""
    with here.store.read() as session:
        return uploads.get_upload(session, workspace_id, upload_id)


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
            "upload_incomplete",
            f"{upload.received} of its {upload.size} bytes have arrived. Send the rest first.",
        )
    return upload


async def append(
    here: Context,
    workspace_id: WorkspaceId,
    upload_id: str,
    *,
    offset: int,
    length: int | None,
    pieces: AsyncIterator[bytes],
) -> Upload:
    """Add what comes, and return the upload as it is on the disk then.

    `length` are the bytes that will come, where that is known. What came before an error is
    kept. Raises `NotFound`; `Conflict` for another offset than the upload's end (`wrong_offset`)
    and while another request is at it (`upload_busy`); `TooLarge` for more bytes than were
    announced; `InsufficientStorage` and `Unavailable` where the disk takes no more.
    """
    writing = await _on_disk(_begin, here, workspace_id, upload_id, offset, length)
    try:
        await writing.take(pieces)
    finally:
        with CancelScope(shield=True):
            await _on_disk(writing.end)
    return writing.upload


def discard_upload(here: Context, workspace_id: WorkspaceId, upload_id: str) -> None:
    """Terminate an upload and delete its bytes.

    Raises `NotFound`, and `Conflict` (code `upload_in_use`) while an assignment needs them.
    """
    with here.store.write() as session:
        uploads.delete_upload(session, workspace_id, upload_id)
    remove(upload_path(here, workspace_id, upload_id))


class _Writing:
    """One request that adds to an upload, from its lock to its last sync."""

    def __init__(self, here: Context, upload: Upload, file: UploadFile) -> None:
        self.upload = upload
        self._here = here
        self._file = file
        self._block = bytearray()
        self._taken = upload.received
        self._synced_at = monotonic()

    async def take(self, pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            if self._taken + len(piece) > self.upload.size:
                raise _too_many()
            self._taken += len(piece)
            self._block += piece
            if self._is_time_to_sync():
                await _on_disk(self._write_and_sync)
            elif len(self._block) >= BLOCK_SIZE:
                await _on_disk(self._write)

    def end(self) -> None:
        """Count what has come, and let the file go."""
        try:
            self._write_and_sync()
        except NotFound:
            # Terminated while this request was at it: the file may have been made again.
            self._file.unlink()
            raise
        finally:
            self._file.close()

    def _write(self) -> None:
        block, self._block = self._block, bytearray()
        if block:
            self._file.write(block)

    def _write_and_sync(self) -> None:
        try:
            self._write()
        finally:
            # Also what was written of a block that did not fit.
            self._sync()

    def _sync(self) -> None:
        received = self._file.sync()
        self._synced_at = monotonic()
        _count(self._here, self.upload, received)

    def _is_time_to_sync(self) -> bool:
        return (
            self._taken - self.upload.received >= SYNC_SIZE
            or monotonic() - self._synced_at >= SYNC_SECONDS
        )


def _begin(
    here: Context, workspace_id: WorkspaceId, upload_id: str, offset: int, length: int | None
) -> _Writing:
    get_upload(here, workspace_id, upload_id)
    file = UploadFile(upload_path(here, workspace_id, upload_id), floor=_floor(here))
    try:
        # Once more: what the row says while nobody else writes.
        upload = get_upload(here, workspace_id, upload_id)
        # Fewer than were counted are there after a loss on the disk: they have to come again.
        _count(here, upload, file.begin_at(upload.received))
        if offset != upload.received:
            raise Conflict("wrong_offset", f"The next byte is number {upload.received}.")
        if length is not None and offset + length > upload.size:
            raise _too_many()
    except NotFound:
        file.unlink()
        file.close()
        raise
    except Exception:
        file.close()
        raise
    return _Writing(here, upload, file)


def _count(here: Context, upload: Upload, received: int) -> None:
    """Write how many bytes are on the disk, and see to it that `upload` says so, too."""
    if received == upload.received:
        return
    expires_at = _expiry(here, is_complete=received == upload.size)
    with here.store.write() as session:
        uploads.advance_upload(session, upload, received, expires_at=expires_at)
    upload.received = received
    if upload.expires_at is not None:
        upload.expires_at = expires_at


def _expiry(here: Context, *, is_complete: bool) -> datetime:
    settings = here.settings
    hours = settings.upload_finished_hours if is_complete else settings.upload_hours
    return now() + timedelta(hours=hours)


def _floor(here: Context) -> int:
    return here.settings.storage_floor_mib << 20


def _too_many() -> TooLarge:
    return TooLarge("upload_too_large", "These are more bytes than announced.")


def _shown_name(file_name: str) -> str:
    """The last part of what may be a path, as one line of text; its end tells the type."""
    last = file_name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return readable_name(last).strip()[-_MAX_NAME:] or "video"


async def _on_disk(call: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    # Threads of their own: a disk that stalls must not take those of other requests.
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_DISK_THREADS)
        _limiter.set(limiter)
    return await to_thread.run_sync(call, *arguments, limiter=limiter)
