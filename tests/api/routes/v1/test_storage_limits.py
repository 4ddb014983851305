"""Where an upload finds no room: a full disk, a quota, a floor."""

import hashlib
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from api.context import Context
from api.services.upload_file import UploadFile
from domain.errors import InsufficientStorage
from store.engine import Store
from store.queries import workspaces
from testkit.database import copy_sqlite
from tests.api.routes.v1.test_files import FILES, TUS, add, announce, file_of, offset_of
from tests.support.api import Tenant
from tests.support.disks import small_disk

KIB = 1024
CONTENT = bytes(range(256)) * (12 * KIB)
"""3 MiB."""


@pytest.fixture
def context(make_context: Callable[..., Context], request: pytest.FixtureRequest) -> Context:
    return make_context(**getattr(request, "param", {"storage_floor_mib": 0}))


async def test_a_full_disk_is_507_and_the_upload_goes_on_when_there_is_room(ours: Tenant) -> None:
    path = await announce(ours, len(CONTENT))
    with small_disk(ours.context.settings.data_dir / "media") as resize:
        answer = await add(ours, path, 0, CONTENT)
        assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        stored = await offset_of(ours, path)
        # All that the disk took, and not a byte more.
        assert 900 * KIB < stored <= 1024 * KIB
        assert file_of(ours, path).read_bytes() == CONTENT[:stored]
        again = await add(ours, path, stored, CONTENT[stored:])
        assert again.status_code == 507
        assert await offset_of(ours, path) == stored
        resize(8)
        assert (await add(ours, path, stored, CONTENT[stored:])).status_code == 204
        digest = hashlib.sha256(file_of(ours, path).read_bytes()).digest()
        assert digest == hashlib.sha256(CONTENT).digest()


async def test_a_disk_that_cannot_be_used_is_503_and_counts_nothing(ours: Tenant) -> None:
    path = await announce(ours, len(CONTENT))
    (ours.context.settings.data_dir / "media").write_text("not a folder")
    answer = await add(ours, path, 0, CONTENT)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
    assert await offset_of(ours, path) == 0


async def test_a_full_disk_under_the_database_is_507_and_changes_nothing(
    ours: Tenant, app: FastAPI, context: Context
) -> None:
    folder = context.settings.data_dir / "small"
    with small_disk(folder) as resize:
        resize(4)
        copy_sqlite(context.settings.data_dir / "castline.db", folder / "castline.db")
        store = Store(f"sqlite:///{folder / 'castline.db'}")
        app.state.context = replace(context, store=store)
        organizations = "/api/v1/organizations"
        assert (await ours.http.post(organizations, json={"name": "Before"})).status_code == 201
        filling = folder / "filling"
        with suppress(OSError):
            filling.write_bytes(bytes(4 << 20))
        answer = await ours.http.post(organizations, json={"name": "Bakery"})
        assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
        filling.unlink()
        assert (await ours.http.post(organizations, json={"name": "Bakery"})).status_code == 201
        listed = (await ours.http.get(organizations)).json()["items"]
        assert [item["name"] for item in listed] == ["Before", "Bakery"]
        store.close()


def test_a_short_write_is_continued_and_never_counted_as_whole(tmp_path: Path) -> None:
    file = UploadFile(tmp_path / "media" / "wsp" / "upl", floor=0)
    file.begin_at(0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300 * KIB, hard))
    try:
        with pytest.raises(InsufficientStorage) as caught:
            file.write(CONTENT)
        assert caught.value.code == "disk_full"
        assert file.sync() == 300 * KIB
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    file.write(CONTENT[300 * KIB :])
    assert file.sync() == len(CONTENT)
    file.close()
    assert (tmp_path / "media" / "wsp" / "upl").read_bytes() == CONTENT


@pytest.mark.parametrize("context", [{"storage_floor_mib": 2**40}], indirect=True)
async def test_below_the_floor_of_free_space_nothing_is_announced(ours: Tenant) -> None:
    answer = await ours.http.post(FILES, headers={**TUS, "Upload-Length": "1"})
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert answer.json()["remedy"] == "operator"


async def test_below_the_floor_of_free_space_no_byte_is_written(
    ours: Tenant, make_context: Callable[..., Context], app: FastAPI
) -> None:
    path = await announce(ours, len(CONTENT))
    app.state.context = make_context(storage_floor_mib=2**40)
    answer = await add(ours, path, 0, CONTENT)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert await offset_of(ours, path) == 0


@pytest.mark.parametrize("context", [{"storage_quota_gib": 100 / 2**30}], indirect=True)
async def test_announced_bytes_count_until_they_are_terminated(
    ours: Tenant, theirs: Tenant
) -> None:
    async def ask(tenant: Tenant, size: int) -> httpx2.Response:
        return await tenant.http.post(FILES, headers={**TUS, "Upload-Length": str(size)})

    first = await announce(ours, 60)
    refused = await ask(ours, 41)
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_quota_exceeded")
    assert refused.json()["remedy"] == "change"
    assert (await ask(ours, 40)).status_code == 201
    assert (await ask(theirs, 100)).status_code == 201
    await ours.http.delete(first, headers=TUS)
    assert (await ask(ours, 60)).status_code == 201
    with ours.context.store.write() as session:
        workspaces.set_storage_quota(session, ours.workspace.id, quota=1000)
    assert (await ask(ours, 900)).status_code == 201


@pytest.mark.parametrize("context", [{"upload_max_open": 2}], indirect=True)
async def test_a_flood_of_announcements_is_bounded(ours: Tenant) -> None:
    for size in (0, 5):
        await announce(ours, size)
    refused = await ours.http.post(FILES, headers={**TUS, "Upload-Length": "0"})
    assert (refused.status_code, refused.json()["code"]) == (507, "too_many_uploads")
