"""A trouble that is worth only so many tries, when it is not counted, and what met it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import TransferInput
from activities.contract.trouble import Kind
from domain.errors import PlatformRefusal, PlatformUnavailable
from domain.evidence import EvidenceKind
from domain.secrets import Secret
from platforms.protocol import Credential
from store.queries.publishing import transfers, videos
from store.sealed import seal_into
from store.tables import Assignment, Transfer
from tests.activities.conftest import Installation, credential
from tests.support.evidence import evidence_of

TRIES = 3
BAD_FILE = PlatformUnavailable("file_unusable", "The platform cannot read it.", tries=TRIES)
AWAY = PlatformUnavailable("platform_unavailable", "The platform is away.")


@pytest.fixture
def assignment(installation: Installation) -> Assignment:
    return installation.assignment()


def transfer(installation: Installation, assignment: Assignment, *, attempt: int) -> str:
    """The kind of failure that this attempt of the activity ends with."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    with pytest.raises(ApplicationError) as caught:
        environment.run(
            installation.transferring.transfer, TransferInput(assignment.id, assignment.attempt)
        )
    parked_or_ended = (Kind.REFUSED, Kind.NEEDS_SOURCE)
    assert caught.value.non_retryable == (caught.value.type in parked_or_ended)
    return str(caught.value.type)


def begin(installation: Installation, assignment: Assignment, *, finish_sent: bool) -> None:
    with installation.store.write() as session:
        transfers.open_transfer(
            session, installation.vault, assignment.id, Secret("session"), known=0
        )
        if finish_sent:
            transfers.mark_finish_sent(session, assignment.id, known=1)


def stored(installation: Installation, assignment: Assignment) -> Transfer:
    with installation.store.read() as session:
        found = transfers.find_transfer(session, assignment.id)
    assert found is not None
    return found


def test_a_trouble_that_may_be_the_files_is_refused_after_its_tries(
    installation: Installation, assignment: Assignment
) -> None:
    begin(installation, assignment, finish_sent=False)
    installation.platform.trouble = BAD_FILE
    for attempt in range(1, TRIES):
        assert transfer(installation, assignment, attempt=attempt) == Kind.TRANSIENT
    assert stored(installation, assignment).sealed_session is not None
    assert transfer(installation, assignment, attempt=TRIES) == Kind.REFUSED
    assert stored(installation, assignment).sealed_session is None
    assert installation.platform.discarded == ["session"]


def test_tries_that_ended_with_their_worker_are_none_of_them(
    installation: Installation, assignment: Assignment
) -> None:
    begin(installation, assignment, finish_sent=False)
    installation.platform.trouble = BAD_FILE
    for attempt in range(TRIES, 2 * TRIES - 1):
        assert transfer(installation, assignment, attempt=attempt) == Kind.TRANSIENT
    assert transfer(installation, assignment, attempt=2 * TRIES - 1) == Kind.REFUSED


def test_a_platform_that_is_away_is_never_refused(
    installation: Installation, assignment: Assignment
) -> None:
    begin(installation, assignment, finish_sent=False)
    installation.platform.trouble = AWAY
    assert transfer(installation, assignment, attempt=50) == Kind.TRANSIENT
    assert stored(installation, assignment).sealed_session is not None


def test_once_a_video_may_exist_its_tries_are_not_the_last_word(
    installation: Installation, assignment: Assignment
) -> None:
    begin(installation, assignment, finish_sent=True)
    installation.platform.trouble = BAD_FILE
    for attempt in range(1, 2 * TRIES):
        assert transfer(installation, assignment, attempt=attempt) == Kind.TRANSIENT
    assert stored(installation, assignment).sealed_session is not None
    assert installation.platform.discarded == []


def stop(installation: Installation, assignment: Assignment) -> tuple[str | None, str]:
    """What a run was about that this one trouble ends, and its code."""
    transfer(installation, assignment, attempt=1)
    [entry] = evidence_of(installation.store, assignment.id, EvidenceKind.STOPPED)
    return entry.data.get("during"), entry.data["code"]


def test_a_run_that_gets_no_credential_says_so(
    installation: Installation, assignment: Assignment
) -> None:
    def refuse(old: Credential) -> Credential:
        raise AWAY

    installation.authorize("old", lives=timedelta(seconds=-1))
    installation.platform.refreshing = refuse
    assert stop(installation, assignment) == ("credential", AWAY.code)


def lose_source(installation: Installation, assignment: Assignment) -> None:
    with installation.store.write() as session:
        video = videos.get_video_by_id(session, assignment.video_id)
        seal_into(session, video, source_url=f"{video.source_url}.gone")


def test_a_run_that_cannot_read_its_source_says_so(
    installation: Installation, assignment: Assignment
) -> None:
    lose_source(installation, assignment)
    assert stop(installation, assignment) == ("source", "source_missing")


def test_a_source_that_may_come_back_keeps_the_session(
    installation: Installation, assignment: Assignment
) -> None:
    begin(installation, assignment, finish_sent=False)
    lose_source(installation, assignment)
    assert transfer(installation, assignment, attempt=1) == Kind.NEEDS_SOURCE
    assert stored(installation, assignment).sealed_session is not None
    assert installation.platform.discarded == []


def test_a_source_that_was_changed_gives_the_session_up(
    installation: Installation, assignment: Assignment
) -> None:
    begin(installation, assignment, finish_sent=False)
    with installation.store.write() as session:
        videos.get_video_by_id(session, assignment.video_id).pin_version = "another"
        session.flush()
    assert transfer(installation, assignment, attempt=1) == Kind.REFUSED
    assert stored(installation, assignment).sealed_session is None
    assert installation.platform.discarded == ["session"]


def test_a_run_that_gets_no_session_says_so(
    installation: Installation, assignment: Assignment
) -> None:
    installation.platform.trouble = AWAY
    assert stop(installation, assignment) == ("session", AWAY.code)


def test_a_cancel_that_crosses_the_opening_of_a_session_loses_nothing_of_it(
    installation: Installation, assignment: Assignment
) -> None:
    environment = ActivityEnvironment()
    installation.platform.meanwhile = environment.cancel
    with pytest.raises((ApplicationError, CancelledError)):
        environment.run(
            installation.transferring.transfer, TransferInput(assignment.id, assignment.attempt)
        )
    assert stored(installation, assignment).sealed_session is not None


def test_a_cancel_that_crosses_the_giving_up_of_a_session_changes_nothing(
    installation: Installation, assignment: Assignment
) -> None:
    environment = ActivityEnvironment()
    begin(installation, assignment, finish_sent=False)
    installation.authorize("old", lives=timedelta(0))

    def refreshed(_: Credential) -> Credential:
        environment.cancel()
        return credential("new")

    installation.platform.refreshing = refreshed
    environment.run(installation.transferring.discard_session, assignment.id)
    assert installation.platform.discarded == ["session"]


def test_a_session_that_a_refusal_follows_in_its_own_run_is_discarded(
    installation: Installation, assignment: Assignment
) -> None:
    platform = installation.platform

    def refuse() -> None:
        platform.trouble = PlatformRefusal("request_rejected", "The platform refused it.")

    def refuse_what_comes_next() -> None:
        platform.meanwhile = refuse

    platform.meanwhile = refuse_what_comes_next
    assert transfer(installation, assignment, attempt=1) == Kind.REFUSED
    assert platform.discarded == ["session"]
    assert stored(installation, assignment).sealed_session is None
