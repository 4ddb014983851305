"""From every byte at the platform to published: processing, and the extra steps."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import CancelledError

from activities.access.credentials import CredentialKeeper
from activities.contract.assignments import ProcessingInput, Published, PublishingSteps, StepInput
from activities.failures import not_ready, translated
from activities.publishing.attaching import reader_of
from activities.publishing.jobs import Job, load_job
from activities.publishing.underway import beating, leave_evidence
from activities.publishing.witness import said_by
from domain.errors import PlatformRefusal
from domain.states import AssignmentState, StepName, StepState
from media.policy import SourcePolicies
from platforms.protocol import Dead, Live, Outcome, Processing
from platforms.registry import Registry
from store.engine import Store
from store.queries.publishing import progress, steps, transfers
from store.queries.publishing.read_backs import require_read


class PublishingActivities(PublishingSteps):
    def __init__(
        self,
        store: Store,
        registry: Registry,
        keeper: CredentialKeeper,
        policies: SourcePolicies,
    ) -> None:
        self._store = store
        self._registry = registry
        self._keeper = keeper
        self._policies = policies

    @activity.defn
    @translated
    @beating()
    def await_processing(self, processing: ProcessingInput) -> Published:
        with self._store.read() as session:
            job = load_job(session, self._registry, processing.assignment_id)
        match self._look(job):
            case Live(url=url, warnings=warnings):
                published = Published(url, {**processing.warnings, **warnings})
                if processing.concludes:
                    self._record(published, processing)
                return published
            case Dead(code=code, sentence=sentence, is_there=is_there):
                if not is_there:
                    with self._store.write() as session:
                        transfers.mark_dead(session, job.id)
                raise PlatformRefusal(code, sentence)
            case Processing(percent=percent):
                with self._store.write() as session:
                    progress.note_processing(session, job.id, percent)
                raise not_ready(
                    f"{job.assignment.platform} is still processing"
                    + ("." if percent is None else f", {percent} %."),
                    again_in=_next_poll(),
                )

    def _look(self, job: Job) -> Outcome:
        platform_id = _platform_id(job)
        try:
            return self._keeper.use(
                job.connection_id,
                lambda credential: job.platform.outcome(
                    credential,
                    platform_id,
                    job.publication,
                    uploaded_at=job.finish_sent_at,
                ),
                around=job.witness.of_credential,
            )
        except CancelledError:
            raise
        except Exception as error:
            job.witness.miss(StepName.PROCESSING, error)
            leave_evidence(self._store, job)
            raise

    def _record(self, published: Published, processing: ProcessingInput) -> None:
        with self._store.write() as session:
            progress.record_state(
                session,
                processing.assignment_id,
                state=AssignmentState.PUBLISHED,
                attempt=processing.attempt,
                warnings=published.warnings,
                platform_url=published.platform_url,
            )

    @activity.defn
    @translated
    @beating()
    def run_step(self, step: StepInput) -> None:
        with self._store.read() as session:
            job = load_job(session, self._registry, step.assignment_id)
        progress.require_running(job.assignment, attempt=step.attempt)
        platform_id = _platform_id(job)
        policy = self._policies.of(job.assignment.workspace_id)
        read = reader_of(self._store, policy, job.id)
        try:
            self._keeper.use(
                job.connection_id,
                lambda credential: job.platform.run_step(
                    step.step,
                    credential,
                    platform_id,
                    job.assignment.payload,
                    read=read,
                    uploaded_at=job.finish_sent_at,
                ),
                around=job.witness.of_credential,
            )
        except CancelledError:
            raise
        except Exception as error:
            job.witness.miss(step.step, error)
            self._record_step(job, step.step, StepState.FAILED, said_by(error))
            raise
        job.witness.complete(step.step)
        self._record_step(job, step.step, StepState.DONE, {})

    def _record_step(
        self, job: Job, name: StepName, state: StepState, said: Mapping[str, str | None]
    ) -> None:
        with self._store.write() as session:
            steps.record_step(
                session,
                assignment_id=job.id,
                name=name,
                state=state,
                error_code=said.get("code"),
                error=said.get("error"),
            )
            job.witness.testify(session, job.assignment)


def _platform_id(job: Job) -> str:
    # A run of before the restore: Reconcile takes over what it knows, and ends it.
    require_read(job.assignment)
    assert job.assignment.platform_id is not None, "the transfer has written it"
    return job.assignment.platform_id


def _next_poll() -> timedelta:
    """A third of the time that has passed, from 2 seconds to 2 minutes.

    Each poll costs one of the project's 10,000 daily units: ten minutes of processing are
    about 18 of them, an hour about 45.
    """
    elapsed = datetime.now(UTC) - activity.info().scheduled_time
    return min(max(elapsed * 0.35, timedelta(seconds=2)), timedelta(minutes=2))
