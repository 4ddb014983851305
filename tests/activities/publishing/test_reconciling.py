"""A lost session that two workers decide about, or that a late one comes to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import TransferInput
from activities.contract.trouble import Kind, Trouble
from activities.publishing.reconciling import SETTLING
from domain.clocks import CLOCK_MARGIN
from domain.errors import SessionFound
from domain.evidence import EvidenceKind
from domain.secrets import Secret
from domain.states import AssignmentState
from platforms.protocol import Credential, Publication
from store.engine import Store
from store.queries.publishing import assignments, progress, transfers
from store.tables import Assignment
from testkit.database import Cluster, await_waiter
from tests.activities.conftest import LIMITS, VAULT, Installation, ShutPlatform
from tests.support.evidence import evidence_of


class Unlisted(ShutPlatform):
    """It does not list the video; `meanwhile` happens during the first look."""

    def forget(self) -> None:
        super().forget()
        self.since: datetime | None = None
        """Back to when the uploads were read."""

    def find_published(
        self,
        credential: Credential,
        publication: Publication,
        session: Secret | None,
        *,
        since: datetime,
    ) -> str | None:
        self.since = since
        self._let_it_happen()
        return None


@pytest.fixture
def url(cluster: Cluster) -> str:
    """Only on PostgreSQL rows are held one by one."""
    return cluster.create_migrated()


@pytest.fixture
def platform() -> Unlisted:
    return Unlisted()


@pytest.fixture
def here(url: str, platform: Unlisted) -> Iterator[Installation]:
    store = Store(url, VAULT)
    yield Installation(store, platform)
    store.close()


@pytest.fixture
def assignment(here: Installation) -> Assignment:
    """Its session was lost so long ago that one more look decides."""
    row = here.assignment()
    with here.store.write() as session:
        transfers.open_transfer(session, here.vault, row.id, Secret("lost"), known=0)
        transfers.mark_finish_sent(session, row.id, known=1)
        transfer = transfers.mark_lost(session, row.id, known=2)
        transfer.lost_at = datetime.now(UTC) - SETTLING - timedelta(seconds=1)
    return row


def transfer(here: Installation, assignment: Assignment) -> tuple[str, str]:
    """What a run of the transfer fails with: its kind, and its code."""
    asked = TransferInput(assignment.id, assignment.attempt)
    with pytest.raises(ApplicationError) as caught:
        ActivityEnvironment().run(here.transferring.transfer, asked)
    (trouble,) = caught.value.details
    assert isinstance(trouble, Trouble)
    return str(caught.value.type), trouble.code


def test_of_two_workers_at_a_lost_session_one_opens_another(
    here: Installation, platform: Unlisted, assignment: Assignment
) -> None:
    others: list[tuple[str, str]] = []

    def go_on_elsewhere() -> None:
        # A context of its own: the first one is in the middle of its activity.
        with ThreadPoolExecutor(1) as pool:
            others.append(pool.submit(transfer, here, assignment).result())

    platform.meanwhile = go_on_elsewhere

    assert transfer(here, assignment) == (Kind.UNCONFIRMED, "outcome_unconfirmed")

    assert others == [(Kind.TRANSIENT, "platform_unavailable")]
    assert platform.opened == 1
    with here.store.read() as session:
        row = transfers.find_transfer(session, assignment.id)
        assert row is not None
        stored = transfers.find_session(here.vault, row)
    assert stored == Secret("session 1"), "the other one's session is not erased"


def test_a_session_that_is_there_after_all_goes_on_with_its_finish_in_doubt(
    here: Installation, platform: Unlisted, assignment: Assignment
) -> None:
    def show() -> None:
        raise SessionFound("session_found", "The platform shows it again.")

    platform.meanwhile = show
    assert transfer(here, assignment) == (Kind.TRANSIENT, "session_found")

    assert platform.opened == 0
    with here.store.read() as session:
        row = transfers.find_transfer(session, assignment.id)
        assert row is not None
        assert transfers.find_session(here.vault, row) == Secret("lost")
    assert row.lost_at is None
    assert row.finish_sent_at is not None
    [seen] = evidence_of(here.store, assignment.id, EvidenceKind.RECONCILED)
    assert seen.data == {"told": "held"}


def test_a_run_whose_assignment_ends_during_its_look_sends_nothing_and_stays_ended(
    here: Installation, url: str, platform: Unlisted, assignment: Assignment
) -> None:
    """The look is over while the end is being written: neither of the two may miss the other."""
    looking, held = Event(), Event()

    def let_it_end() -> None:
        looking.set()
        assert held.wait(10)

    platform.meanwhile = let_it_end
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(transfer, here, assignment)
        assert looking.wait(10)
        with here.store.write() as session:
            progress.record_state(session, assignment.id, state=AssignmentState.FAILED, warnings={})
            session.flush()
            held.set()
            await_waiter(url)
        assert late.result() == (Kind.REFUSED, "superseded")
    assert platform.opened == 0
    with here.store.read() as session:
        row = assignments.get_assignment_by_id(session, assignment.id)
    assert row.state == AssignmentState.FAILED


def test_a_lost_session_that_made_nothing_waits_for_a_place_before_another_is_opened(
    here: Installation, platform: Unlisted, assignment: Assignment
) -> None:
    for _ in range(LIMITS.per_workspace):
        assert transfer(here, here.assignment())[0] == Kind.TRANSIENT
    assert transfer(here, assignment) == (Kind.OVER_SHARE, Kind.OVER_SHARE)
    assert platform.opened == LIMITS.per_workspace


def test_the_uploads_are_read_back_to_before_the_session_by_the_platforms_clock(
    here: Installation, platform: Unlisted, assignment: Assignment
) -> None:
    transfer(here, assignment)
    with here.store.read() as session:
        evidence = transfers.find_transfer(session, assignment.id)
    assert platform.since
    assert evidence
    assert evidence.opened_at
    assert evidence.opened_at - platform.since >= CLOCK_MARGIN
