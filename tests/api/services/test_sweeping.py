"""What the sweeper deletes, and what it leaves alone."""

import os
import time
from datetime import timedelta
from pathlib import Path

from api.context import Context
from api.services.intake import upload_path
from api.services.sweeping import ORPHAN_SECONDS, UploadSweeper
from domain.ids import new_upload_id
from store.queries.publishing import uploads
from store.tables import Upload, now
from tests.support.api import Tenant


def stored(tenant: Tenant, *, hours: float) -> Path:
    """A finished upload that expires in so many hours."""
    with tenant.context.store.write() as session:
        upload = uploads.create_upload(
            session,
            workspace_id=tenant.workspace.id,
            file_name="a.mp4",
            size=3,
            quota=100,
            max_open=10,
            expires_at=now() + timedelta(hours=hours),
        )
    return written(upload_path(tenant.context, tenant.workspace.id, upload.id))


def written(path: Path, *, age: float = 2 * ORPHAN_SECONDS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"abc")
    os.utime(path, (time.time() - age,) * 2)
    return path


def swept(context: Context) -> int:
    sweeper = UploadSweeper(context)
    return sweeper.sweep() + sweeper.sweep()


async def test_expired_uploads_go_with_their_bytes(ours: Tenant) -> None:
    expired, alive = stored(ours, hours=-1), stored(ours, hours=1)
    assert swept(ours.context) == 1
    assert (expired.exists(), alive.exists()) == (False, True)
    with ours.context.store.read() as session:
        assert session.get(Upload, expired.name) is None


async def test_files_without_a_row_go(ours: Tenant) -> None:
    alive = stored(ours, hours=1)
    orphan = written(alive.with_name(new_upload_id()))
    assert swept(ours.context) == 1
    assert (orphan.exists(), alive.exists()) == (False, True)


async def test_what_may_be_somebodys_stays(ours: Tenant) -> None:
    folder = stored(ours, hours=1).parent
    left = [
        written(folder / new_upload_id(), age=0),
        written(folder / "notes.txt"),
        written(folder.with_name("wsp_of_another_database") / new_upload_id()),
    ]
    assert swept(ours.context) == 0
    assert all(path.exists() for path in left)


async def test_without_a_folder_there_is_nothing_to_sweep(context: Context) -> None:
    assert swept(context) == 0
