"""Deletes uploads that have expired, and files of uploads that have no row.

It runs in every API process, because that is where the folder of the uploads is, and because
it must also run while Temporal is away. Two at once do no harm. Each run is bounded: what is
left belongs to the next one.
"""

import asyncio
import logging
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from time import time

from anyio import to_thread

from api.context import Context
from api.services.intake import upload_path
from api.services.upload_file import remove
from domain.ids import is_id
from media.policy import intake_folder
from store.queries.publishing import uploads
from store.queries.workspaces import known_workspaces
from store.tables import now

log = logging.getLogger("castline.api")

PAUSE_SECONDS = 60.0
BATCH = 200

ORPHAN_SECONDS = 3600.0
"""How old a file without a row has to be: nothing that is under way is looked at."""


class UploadSweeper:
    def __init__(self, here: Context) -> None:
        self._here = here
        self._files = _old_files(intake_folder(here.settings.data_dir))

    async def run(self) -> None:
        """Sweep until it is cancelled. What fails is logged and tried again."""
        while True:
            try:
                await to_thread.run_sync(self.sweep)
            except Exception as error:  # the next run may have a disk and a database again
                log.warning("expired uploads are left to the next sweep: %s", type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    def sweep(self) -> int:
        """Delete up to `BATCH` expired uploads and look at as many files; return how many went."""
        return self._delete_expired() + self._delete_orphans()

    def _delete_expired(self) -> int:
        store, before = self._here.store, now()
        with store.read() as session:
            expired = uploads.list_expired_uploads(session, before=before, limit=BATCH)
        count = 0
        for upload in expired:
            with store.write() as session:
                is_deleted = uploads.delete_expired_upload(session, upload.id, before=before)
            if is_deleted:
                remove(upload_path(self._here, upload.workspace_id, upload.id))
                count += 1
        return count

    def _delete_orphans(self) -> int:
        page = list(islice(self._files, BATCH))
        if len(page) < BATCH:
            self._files = _old_files(intake_folder(self._here.settings.data_dir))
        with self._here.store.read() as session:
            known = uploads.known_uploads(session, {path.name for path in page})
            # A folder of a workspace that this database does not know may be another's.
            ours = known_workspaces(session, {path.parent.name for path in page})
        orphans = [path for path in page if path.name not in known and path.parent.name in ours]
        for path in orphans:
            remove(path)
        return len(orphans)


def _old_files(media: Path) -> Iterator[Path]:
    """The files of uploads that nothing was written to for a while."""
    before = time() - ORPHAN_SECONDS
    try:
        folders = sorted(media.iterdir())
    except FileNotFoundError:
        return
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if is_id(entry.name) and _is_older(entry, before):
                        yield Path(entry.path)
        except OSError:
            continue


def _is_older(entry: os.DirEntry[str], before: float) -> bool:
    found = entry.stat(follow_symlinks=False)
    return found.st_mtime < before
