"""After a restore: what the account's list shows decides what is sent."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import Discarded, TransferInput
from activities.contract.trouble import Kind, Trouble
from domain.errors import Unconfirmed
from domain.evidence import EvidenceKind
from domain.secrets import Secret
from domain.states import AssignmentState, KnownBy
from platforms.protocol import Candidate, Credential, Publication, ReadBack
from store.engine import Store
from store.queries import installation
from store.queries.orphans import record_orphan
from store.queries.publishing import assignments, progress
from store.queries.publishing.retrying import begin_retry
from store.tables import Assignment, Orphan, Video
from testkit.database import Cluster
from tests.activities.conftest import VAULT, Installation, ShutPlatform
from tests.support.evidence import evidence_of

NOW = datetime.now(UTC)
GAP = NOW - timedelta(hours=2)
LONG_AGO = timedelta(days=1)
REASON = "Looked by hand: it is not there."


class Listed(ShutPlatform):
    """Its list shows what a test says."""

    def forget(self) -> None:
        super().forget()
        self.seen = ReadBack()
        self.since: list[datetime] = []

    def read_back(
        self,
        credential: Credential,
        publication: Publication,
        session: Secret | None,
        *,
        since: datetime,
    ) -> ReadBack:
        self._let_it_happen()
        self.since.append(since)
        if self.trouble is not None:
            raise self.trouble
        return self.seen


@pytest.fixture
def platform() -> Listed:
    return Listed()


@pytest.fixture
def here(cluster: Cluster, platform: Listed) -> Iterator[Installation]:
    store = Store(cluster.create_migrated(), VAULT)
    yield Installation(store, platform)
    store.close()


def candidate(id: str = "video 1", *, is_match: bool = True) -> Candidate:
    return Candidate(id, "A clip", NOW, f"https://example.com/{id}", is_match)


def restore(here: Installation, *, ago: timedelta = LONG_AGO, are_read: bool = True) -> None:
    """Let the database have been restored so long ago, and Temporal's histories be read."""
    with here.store.write() as session:
        installation.begin_restore(session, GAP)
        if are_read:
            installation.mark_histories_read(session)
        installation.ensure_installation(session).restored_at = datetime.now(UTC) - ago


def transfer(here: Installation, row: Assignment) -> str:
    """Run the transfer: the id of the video, or the kind of its failure."""
    given = TransferInput(row.id, row.attempt)
    try:
        return ActivityEnvironment().run(here.transferring.transfer, given).platform_id
    except ApplicationError as failure:
        return str(failure.type)


def look(here: Installation, row: Assignment) -> Assignment:
    with here.store.read() as session:
        return assignments.get_assignment_by_id(session, row.id)


def told(here: Installation, row: Assignment) -> list[str]:
    entries = evidence_of(here.store, row.id, EvidenceKind.READ_BACK)
    return [one.data["told"] for one in entries for _ in range(one.times)]


def test_without_a_restore_nothing_is_read(here: Installation, platform: Listed) -> None:
    row = here.assignment()
    assert transfer(here, row) == Kind.TRANSIENT
    assert (platform.since, platform.opened) == ([], 1)


def test_a_video_beyond_doubt_is_taken_over_and_nothing_is_sent(
    here: Installation, platform: Listed
) -> None:
    row = here.assignment()
    restore(here)
    platform.seen = ReadBack("video 1")

    assert [transfer(here, row) for _ in range(2)] == ["video 1", "video 1"]

    after = look(here, row)
    assert (after.platform_id, after.known_by) == ("video 1", KnownBy.LISTING)
    assert (platform.since, platform.opened) == ([GAP], 0)
    assert told(here, row) == ["finished"]


def test_one_match_is_taken_over(here: Installation, platform: Listed) -> None:
    row = here.assignment()
    restore(here)
    platform.seen = ReadBack(candidates=[candidate()])
    assert transfer(here, row) == "video 1"
    assert platform.opened == 0


@pytest.mark.parametrize(
    "candidates",
    [[candidate(is_match=False)], [candidate("a"), candidate("b")]],
    ids=["no match", "two matches"],
)
def test_anything_else_is_shown_to_a_person_and_never_sent(
    here: Installation, platform: Listed, candidates: Sequence[Candidate]
) -> None:
    row = here.assignment()
    restore(here)
    platform.seen = ReadBack(candidates=candidates)

    assert [transfer(here, row) for _ in range(2)] == [Kind.UNCONFIRMED] * 2

    assert platform.opened == 0
    shown = look(here, row).candidates
    assert [one["id"] for one in shown] == [one.id for one in candidates]
    assert shown[0]["url"] == candidates[0].url
    assert told(here, row) == ["unclear", "unclear"]
    (entry,) = evidence_of(here.store, row.id, EvidenceKind.READ_BACK)
    assert entry.data["candidates"] == shown


def test_what_is_not_there_is_sent_once_the_list_is_complete(
    here: Installation, platform: Listed
) -> None:
    row = here.assignment()
    listed_within = platform.capabilities.listed_within
    restore(here, ago=listed_within - timedelta(minutes=1))
    assert transfer(here, row) == Kind.UNCONFIRMED
    assert platform.opened == 0

    with here.store.write() as session:
        installation.ensure_installation(session).restored_at = NOW - listed_within

    assert transfer(here, row) == Kind.TRANSIENT
    assert (platform.opened, look(here, row).read_back_from) == (1, None)
    assert transfer(here, row) == Kind.TRANSIENT
    assert len(platform.since) == 2
    assert told(here, row) == ["absent", "absent"]


def test_a_list_that_does_not_show_everything_proves_nothing(
    here: Installation, platform: Listed
) -> None:
    row = here.assignment()
    restore(here)
    platform.seen = ReadBack(is_whole=False)
    assert transfer(here, row) == Kind.UNCONFIRMED
    assert (platform.opened, told(here, row)) == (0, ["unclear"])


def test_an_account_that_may_not_be_read_is_never_sent_to_unasked(
    here: Installation, platform: Listed
) -> None:
    row = here.assignment()
    restore(here)
    platform.trouble = Unconfirmed("outcome_unconfirmed", "It may not be read.", reason="10")
    assert transfer(here, row) == Kind.UNCONFIRMED
    assert (platform.opened, told(here, row)) == (0, ["unclear"])
    assert look(here, row).read_back_from == GAP


def test_a_video_that_another_row_has_is_no_candidate(here: Installation, platform: Listed) -> None:
    owner, row = here.assignment(), here.assignment()
    with here.store.write() as session:
        progress.note_finished(session, owner.id, platform_id="video 1", known_by=KnownBy.ANSWER)
    restore(here)
    platform.seen = ReadBack(candidates=[candidate()])
    assert transfer(here, row) == Kind.TRANSIENT
    assert (platform.opened, told(here, row)) == (1, ["absent"])


def test_a_video_of_an_assignment_whose_row_was_lost_is_no_candidate(
    here: Installation, platform: Listed
) -> None:
    row = here.assignment()
    restore(here, are_read=False)
    platform.seen = ReadBack(candidates=[candidate()])
    # Until it is known what else was accepted in the gap, a match may be another one's.
    assert transfer(here, row) == Kind.UNCONFIRMED

    with here.store.write() as session:
        record_orphan(
            session,
            Orphan(
                workflow_id="assignment/lost",
                run_id="run",
                type="AssignmentWorkflow",
                connection_id=row.connection_id,
                platform_id="video 1",
                started_at=NOW,
            ),
        )
        installation.mark_histories_read(session)

    assert transfer(here, row) == Kind.TRANSIENT
    assert (platform.opened, told(here, row)) == (1, ["unclear", "absent"])


def test_of_two_rows_at_once_one_takes_the_video(here: Installation, platform: Listed) -> None:
    first, second = here.assignment(), here.assignment()
    with here.store.write() as session:
        # The same file, so that it does not matter which of the two has it.
        assignments.lock_assignment(session, second.id).video_id = first.video_id
    restore(here)
    platform.seen = ReadBack(candidates=[candidate()])

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda row: transfer(here, row), (first, second)))

    assert sorted(ended) == [Kind.TRANSIENT, "video 1"]
    assert platform.opened == 1


def test_a_match_that_another_file_of_ours_would_match_as_well_is_a_doubt(
    here: Installation, platform: Listed
) -> None:
    row, rival = here.assignment(), here.assignment()
    restore(here, ago=timedelta(0))
    platform.seen = ReadBack(candidates=[candidate()])
    assert transfer(here, row) == Kind.UNCONFIRMED

    with here.store.write() as session:
        length = session.get_one(Video, row.video_id).duration_ms
        assert length is not None
        session.get_one(Video, rival.video_id).duration_ms = length + 4000

    assert transfer(here, row) == "video 1"


def test_a_video_that_came_to_be_known_in_the_middle_of_a_look_is_not_sent_again(
    here: Installation, platform: Listed
) -> None:
    row = here.assignment()
    restore(here)

    def take_over() -> None:
        with here.store.write() as session:
            progress.note_finished(session, row.id, platform_id="video 1", known_by=KnownBy.HISTORY)

    platform.meanwhile = take_over
    assert transfer(here, row) == "video 1"
    assert (platform.opened, look(here, row).known_by) == (0, KnownBy.HISTORY)


def test_a_cancelled_row_ends_as_published_where_its_video_is_there(
    here: Installation, platform: Listed
) -> None:
    row = here.assignment()
    restore(here)

    def discard() -> Discarded:
        return ActivityEnvironment().run(here.transferring.discard_session, row.id)

    platform.seen = ReadBack(is_whole=False)
    with pytest.raises(ApplicationError) as failure:
        discard()
    assert failure.value.type == Kind.UNCONFIRMED
    platform.seen = ReadBack("video 1")
    assert discard() == Discarded("video 1")
    assert platform.discarded == []


def test_a_person_who_ends_the_reading_has_it_sent(here: Installation, platform: Listed) -> None:
    row = here.assignment()
    restore(here)
    platform.seen = ReadBack(candidates=[candidate("a"), candidate("b")])
    assert transfer(here, row) == Kind.UNCONFIRMED
    with here.store.write() as session:
        progress.record_state(session, row.id, state=AssignmentState.UNCONFIRMED, warnings={})

    def force() -> None:
        with here.store.write() as session:
            begin_retry(session, row.workspace_id, row.id, reason=REASON)

    # In the middle of a look, which may not bring the doubt back.
    platform.meanwhile = force
    assert transfer(here, row) in (Kind.UNCONFIRMED, Kind.TRANSIENT)

    assert transfer(here, row) == Kind.TRANSIENT
    after = look(here, row)
    assert (after.candidates, after.read_back_from) == ([], None)
    assert platform.opened >= 1


def sentence_of(failure: ApplicationError) -> str:
    trouble: Any = failure.details[0]
    assert isinstance(trouble, Trouble)
    return trouble.sentence


def test_the_sentence_says_where_to_look(here: Installation, platform: Listed) -> None:
    row = here.assignment()
    restore(here)
    platform.seen = ReadBack(candidates=[candidate("a"), candidate("b")])
    with pytest.raises(ApplicationError) as failure:
        ActivityEnvironment().run(here.transferring.transfer, TransferInput(row.id, 1))
    assert "https://example.com/a, https://example.com/b" in sentence_of(failure.value)
