"""Uploads as rows: what a workspace has stored is exact, also when several ask at once."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest

from domain.errors import CastlineError, Conflict, InsufficientStorage, NotFound
from store.engine import Store
from store.queries.publishing import uploads
from store.tables import Upload, now
from tests.store.conftest import Tenant

LATER = timedelta(hours=1)


def announce(tenant: Tenant, size: int = 60, *, quota: int = 100, max_open: int = 10) -> Upload:
    with tenant.store.write() as session:
        return uploads.create_upload(
            session,
            workspace_id=tenant.workspace.id,
            file_name="holiday.mp4",
            size=size,
            quota=quota,
            max_open=max_open,
            expires_at=now() + LATER,
        )


def received(store: Store, upload: Upload) -> int:
    with store.read() as session:
        return session.get_one(Upload, upload.id).received


@pytest.mark.parametrize(
    ("size", "max_open", "code"),
    [(60, 10, "storage_quota_exceeded"), (1, 1, "too_many_uploads")],
)
def test_of_two_announcements_at_once_one_finds_room(
    store: Store, tenant: Tenant, size: int, max_open: int, code: str
) -> None:
    with ThreadPoolExecutor(1) as threads:
        with store.write() as session:
            uploads.create_upload(
                session,
                workspace_id=tenant.workspace.id,
                file_name="holiday.mp4",
                size=size,
                quota=100,
                max_open=max_open,
                expires_at=now() + LATER,
            )
            second = threads.submit(announce, tenant, size, max_open=max_open)
            # It must not come to an end on what it sees before the first is committed.
            assert not wait([second], timeout=1).done
        with pytest.raises(InsufficientStorage) as refusal:
            second.result(60)
    assert refusal.value.code == code


def test_of_two_that_write_the_second_is_refused(store: Store, tenant: Tenant) -> None:
    upload = announce(tenant)
    with store.write() as session:
        uploads.advance_upload(session, upload, 10, expires_at=now() + LATER)
    with store.write() as session, pytest.raises(Conflict):
        uploads.advance_upload(session, upload, 20, expires_at=now() + LATER)
    assert received(store, upload) == 10


def test_an_upload_without_a_row_takes_nothing(store: Store, tenant: Tenant) -> None:
    upload = announce(tenant)
    with store.write() as session:
        uploads.delete_upload(session, tenant.workspace.id, upload.id)
    with store.write() as session, pytest.raises(NotFound):
        uploads.advance_upload(session, upload, 10, expires_at=now() + LATER)


def test_what_was_kept_meanwhile_does_not_expire(store: Store, tenant: Tenant) -> None:
    kept, lost = announce(tenant, 50), announce(tenant, 50)
    future = now() + 2 * LATER
    with store.read() as session:
        expired = uploads.list_expired_uploads(session, before=future, limit=10)
    assert {upload.id for upload in expired} == {kept.id, lost.id}
    with store.write() as session:
        uploads.keep_upload(session, tenant.workspace.id, kept.id)
    with store.write() as session:
        assert not uploads.delete_expired_upload(session, kept.id, before=future)
        assert uploads.delete_expired_upload(session, lost.id, before=future)
    with store.read() as session:
        assert uploads.known_uploads(session, {kept.id, lost.id}) == {kept.id}


def test_a_foreign_upload_is_unknown(store: Store, tenant: Tenant, stranger: Tenant) -> None:
    upload = announce(stranger)
    for ask in (uploads.get_upload, uploads.keep_upload, uploads.delete_upload):
        with store.write() as session, pytest.raises(CastlineError) as refusal:
            ask(session, tenant.workspace.id, upload.id)
        assert refusal.value.code == "upload_not_found"
