"""What a look at the processing and an extra step leave behind."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import ProcessingInput, StepInput
from activities.contract.trouble import Kind
from activities.publishing.processing import PublishingActivities
from activities.publishing.underway import BEAT_SECONDS
from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from domain.evidence import EvidenceKind
from domain.secrets import Secret
from domain.states import AssignmentState, KnownBy, StepName, StepState
from platforms.protocol import Credential
from store.queries.publishing import progress, steps, transfers
from store.queries.publishing.retrying import begin_retry
from store.tables import Assignment
from tests.activities.conftest import Installation
from tests.support.evidence import evidence_of

AWAY = PlatformUnavailable("platform_error", "YouTube has trouble.", reason="backendError")
SAID = {"code": "platform_error", "reason": "backendError", "error": "YouTube has trouble."}
OURS = {"code": "internal", "error": "Castline met an error of its own."}


@pytest.fixture
def uploaded(installation: Installation) -> Assignment:
    row = installation.assignment()
    with installation.store.write() as session:
        progress.note_finished(session, row.id, platform_id="dQw", known_by=KnownBy.ANSWER)
    return row


@pytest.fixture
def publishing(installation: Installation) -> PublishingActivities:
    return PublishingActivities(
        installation.store, installation.registry, installation.keeper, installation.policies
    )


def look(
    publishing: PublishingActivities,
    row: Assignment,
    environment: ActivityEnvironment | None = None,
) -> None:
    order = ProcessingInput(row.id, row.attempt, warnings={}, concludes=True)
    (environment or ActivityEnvironment()).run(publishing.await_processing, order)


def set_thumbnail(
    publishing: PublishingActivities,
    row: Assignment,
    environment: ActivityEnvironment | None = None,
) -> None:
    order = StepInput(row.id, row.attempt, StepName.THUMBNAIL)
    (environment or ActivityEnvironment()).run(publishing.run_step, order)


def seen(installation: Installation, row: Assignment) -> list[dict[str, Any]]:
    return [dict(entry.data) for entry in evidence_of(installation.store, row.id)]


def test_a_step_is_told_when_the_upload_ended(
    installation: Installation, publishing: PublishingActivities, uploaded: Assignment
) -> None:
    with installation.store.write() as session:
        transfers.open_transfer(session, installation.vault, uploaded.id, Secret("it"), known=0)
        transfer = transfers.mark_finish_sent(session, uploaded.id, known=1)
    set_thumbnail(publishing, uploaded)
    assert installation.platform.uploaded_at == transfer.finish_sent_at is not None


@pytest.mark.parametrize("state", [AssignmentState.PUBLISHED, AssignmentState.PROCESSING])
def test_a_step_of_an_attempt_that_is_over_is_not_done(
    installation: Installation,
    publishing: PublishingActivities,
    uploaded: Assignment,
    state: AssignmentState,
) -> None:
    with installation.store.write() as session:
        row = progress.require_current(session, uploaded.id, attempt=1)
        row.state, row.attempt = state, 2 if state is AssignmentState.PROCESSING else 1
    with pytest.raises(ApplicationError) as caught:
        set_thumbnail(publishing, uploaded)
    (trouble,) = caught.value.details
    assert (caught.value.type, trouble.code) == (Kind.REFUSED, "superseded")
    with installation.store.read() as session:
        assert steps.list_steps(session, uploaded.id) == []


def test_a_good_look_leaves_nothing(
    installation: Installation, publishing: PublishingActivities, uploaded: Assignment
) -> None:
    look(publishing, uploaded)
    assert seen(installation, uploaded) == []


@pytest.mark.parametrize(("trouble", "said"), [(AWAY, SAID), (KeyError("secret"), OURS)])
def test_every_look_that_fails_leaves_why(
    installation: Installation,
    publishing: PublishingActivities,
    uploaded: Assignment,
    trouble: Exception,
    said: dict[str, str],
) -> None:
    installation.platform.trouble = trouble
    for _ in range(2):
        with pytest.raises(ApplicationError):
            look(publishing, uploaded)
    failed = {"step": "processing", "told": "error", **said}
    [entry] = evidence_of(installation.store, uploaded.id)
    assert (entry.data, entry.times) == (failed, 2)


@pytest.mark.parametrize("do", [look, set_thumbnail])
def test_who_waits_for_the_platform_beats(
    installation: Installation,
    publishing: PublishingActivities,
    uploaded: Assignment,
    do: Callable[[PublishingActivities, Assignment, ActivityEnvironment], None],
) -> None:
    environment, has_beaten = ActivityEnvironment(), Event()
    environment.on_heartbeat = lambda *_: has_beaten.set()
    installation.platform.meanwhile = lambda: has_beaten.wait(2 * BEAT_SECONDS)
    do(publishing, uploaded, environment)
    assert has_beaten.is_set()


def test_a_look_that_gets_no_credential_says_so(
    installation: Installation, publishing: PublishingActivities, uploaded: Assignment
) -> None:
    def refuse(old: Credential) -> Credential:
        raise ReauthorizationNeeded("grant_dead", "It was revoked.", reason="invalid_grant")

    installation.authorize("old", lives=timedelta(seconds=-1))
    installation.platform.refreshing = refuse
    with pytest.raises(ApplicationError):
        look(publishing, uploaded)
    [entry] = evidence_of(installation.store, uploaded.id, EvidenceKind.STEP)
    assert (entry.data["during"], entry.data["code"]) == ("credential", "grant_dead")


@pytest.mark.parametrize(("trouble", "said"), [(AWAY, SAID), (KeyError("secret"), OURS)])
def test_a_step_leaves_that_it_failed_and_that_it_is_done(
    installation: Installation,
    publishing: PublishingActivities,
    uploaded: Assignment,
    trouble: Exception,
    said: dict[str, str],
) -> None:
    installation.platform.trouble = trouble
    with pytest.raises(ApplicationError):
        set_thumbnail(publishing, uploaded)
    with installation.store.read() as session:
        [step] = steps.list_steps(session, uploaded.id)
    assert (step.state, step.error_code, step.error) == ("failed", said["code"], said["error"])
    installation.platform.trouble = None
    set_thumbnail(publishing, uploaded)
    with installation.store.read() as session:
        [step] = steps.list_steps(session, uploaded.id)
    assert (step.state, step.error_code, step.error) == (StepState.DONE, None, None)
    assert seen(installation, uploaded) == [
        {"step": "thumbnail", "told": "error", **said},
        {"step": "thumbnail", "told": "finished"},
    ]


def test_what_a_stopped_worker_leaves_undone_did_not_fail(
    installation: Installation, publishing: PublishingActivities, uploaded: Assignment
) -> None:
    installation.platform.trouble = CancelledError("The worker stops.")
    for work in (look, set_thumbnail):
        with pytest.raises(CancelledError):
            work(publishing, uploaded)
    assert seen(installation, uploaded) == []


def test_an_earlier_attempt_publishes_nothing(
    installation: Installation, publishing: PublishingActivities, uploaded: Assignment
) -> None:
    with installation.store.write() as session:
        progress.record_state(session, uploaded.id, state=AssignmentState.FAILED, warnings={})
        begin_retry(session, uploaded.workspace_id, uploaded.id)
    with pytest.raises(ApplicationError) as refused:
        look(publishing, uploaded)
    assert refused.value.type == Kind.REFUSED
