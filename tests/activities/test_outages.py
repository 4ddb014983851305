"""A database that is away and a full disk are tried again, and never end an assignment."""

from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import AssignmentRecord
from activities.contract.trouble import Kind
from activities.failures import failure_of, translated
from activities.publishing.recording import RecordingActivities
from domain.errors import DatabaseUnavailable, InsufficientStorage
from domain.states import AssignmentState
from store.database import disk_full
from tests.activities.conftest import Installation


def test_an_activity_without_its_database_is_retried_and_says_no_path(
    installation: Installation, tmp_path: Path
) -> None:
    row = installation.assignment()
    recording = RecordingActivities(installation.store)
    file = tmp_path / "castline.db"
    file.rename(tmp_path / "away.db")
    record = AssignmentRecord(row.id, row.attempt, AssignmentState.FAILED)
    with pytest.raises(ApplicationError) as caught:
        ActivityEnvironment().run(recording.record, record)
    assert caught.value.type == Kind.TRANSIENT
    assert not caught.value.non_retryable
    assert caught.value.details[0].code == "database_unavailable"
    assert str(tmp_path) not in str(caught.value) + str(caught.value.details)


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("postgresql at 10.0.0.7 is away"), disk_full()]
)
def test_an_outage_is_transient(error: DatabaseUnavailable | InsufficientStorage) -> None:
    failure = failure_of(error)
    assert (failure.type, failure.non_retryable) == (Kind.TRANSIENT, False)
    assert "10.0.0.7" not in str(failure) + str(failure.details)


def test_a_full_disk_under_a_temporary_file_is_retried() -> None:
    @translated
    def write() -> None:
        raise OSError(28, "No space left on device", "/tmp/part")

    with pytest.raises(ApplicationError) as caught:
        ActivityEnvironment().run(write)
    assert (caught.value.type, caught.value.non_retryable) == (Kind.TRANSIENT, False)
