"""The transfer: a session, the bytes, and what is known when either is lost.

The session is stored before its first byte and the intent to finish before the request that
may complete the upload. So whoever comes after a crash knows which of three cases it is in:
no session (open one), a session (ask the platform for its offset and go on), or a lost
session that may have made a video (read the account's uploads, and open another session only
when they have proved for long enough that there is none).
"""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from temporalio import activity

from activities.access.credentials import CredentialKeeper, Tokens
from activities.contract.assignments import Discarded, TransferInput, TransferSteps, Uploaded
from activities.failures import over_share, translated
from activities.publishing.jobs import Job, load_job
from activities.publishing.lanes import Lanes, require_lane
from activities.publishing.reading_back import ReadBacks
from activities.publishing.reconciling import LostSessions
from activities.publishing.sums import SourceSums
from activities.publishing.underway import (
    Finish,
    Progress,
    beat,
    beating,
    pause,
    witnessed,
)
from domain.errors import (
    NotDue,
    PlatformError,
    PlatformRefusal,
    PlatformUnavailable,
    SessionLost,
    SourceSlow,
    SourceUnreachable,
    SourceUnusable,
)
from domain.evidence import During, EvidenceKind
from domain.secrets import Secret
from domain.shares import TransferLimits
from media.open import open_source
from media.policy import SourcePolicies
from media.source import Pin, Source
from platforms.registry import Registry
from platforms.transfer import engine
from platforms.transfer.machine import Finished
from store.engine import Store
from store.queries.publishing import progress as noted
from store.queries.publishing import transfers
from store.queries.publishing.evidence import count_stops
from store.queries.publishing.sums import find_known
from store.tables import Assignment, Transfer, now
from store.vault import Vault

CLOCKS_DIFFER = timedelta(minutes=1)
"""By so much this machine's clock may differ from Temporal's, whose timer began the transfer."""


class TransferActivities(TransferSteps):
    def __init__(
        self,
        store: Store,
        vault: Vault,
        registry: Registry,
        keeper: CredentialKeeper,
        policies: SourcePolicies,
        limits: TransferLimits,
    ) -> None:
        self._store = store
        self._vault = vault
        self._registry = registry
        self._keeper = keeper
        self._policies = policies
        self._lanes = Lanes(store, limits)
        self._lost = LostSessions(store, vault, keeper)
        self._read_backs = ReadBacks(store, vault, keeper)

    # Cancellation is looked for between pieces: thrown into the thread, it could strike between
    # the platform's answer and its row.
    @activity.defn(no_thread_cancel_exception=True)
    @translated
    def transfer(self, transfer: TransferInput) -> Uploaded:
        with self._store.write() as session:
            row = noted.require_current(session, transfer.assignment_id, attempt=transfer.attempt)
            _require_due(row)
            job = load_job(session, self._registry, transfer.assignment_id)
            require_lane(row, transfer)
            # What may be there already is looked for first, and then no byte may be left to move.
            is_moving = job.finished is None and not job.is_unclear
            has_place = not is_moving or self._lanes.begin(session, row)
        if not has_place:
            raise over_share("transfers")
        with witnessed(self._store, job):
            finished = job.finished or self._find_made(job) or self._move(job)
        self._note(job, finished)
        return Uploaded(finished.platform_id)

    @activity.defn(no_thread_cancel_exception=True)
    @translated
    def discard_session(self, assignment_id: str) -> Discarded:
        job = self._load(assignment_id)
        with witnessed(self._store, job):
            finished = job.finished or self._give_up(job)
        if finished is None:
            return Discarded(None)
        self._note(job, finished)
        return Discarded(finished.platform_id)

    def _note(self, job: Job, finished: Finished) -> None:
        with self._store.write() as session:
            row = noted.note_finished(
                session, job.id, platform_id=finished.platform_id, known_by=finished.known_by
            )
            if job.finished is None:
                known = find_known(session, job.video.id)
                job.witness.identify(
                    finished, summed=row.bytes_summed, size=row.bytes_total, sha256=known.sha256
                )
            job.witness.testify(session, job.assignment)

    def _load(self, assignment_id: str) -> Job:
        with self._store.read() as session:
            return load_job(session, self._registry, assignment_id)

    def _load_again(self, job: Job) -> Job:
        """As the rows are now; what was seen goes on."""
        return replace(self._load(job.id), witness=job.witness)

    def _move(self, job: Job) -> Finished:
        pin = Pin(job.video.size, job.video.pin_version)
        try:
            with beating(), job.witness.during(During.SOURCE):
                policy = self._policies.of(job.video.workspace_id)
                source = open_source(job.video.source_url, pin=pin, policy=policy)
            with closing(source):
                return self._send(job, self._lanes.paced(job, source))
        except SourceSlow:
            self._lanes.move_to_slow(job)
            raise
        except SourceUnreachable:
            # Whether an earlier run has sent them all does not depend on where they lie.
            finished = self._ask(self._load_again(job))
            if finished is None:
                raise
            return finished
        except SourceUnusable:
            # These bytes will never be whole, unless an earlier run has sent them all.
            finished = self._give_up(self._load_again(job))
            if finished is None:
                raise
            return finished
        except PlatformRefusal:
            # The last word on this session: a retry by a person begins with another one.
            self._discard(job)
            raise
        except PlatformUnavailable as error:
            if not self._is_last_word(job, error):
                raise
            finished = self._give_up(self._load_again(job))
            if finished is None:
                raise PlatformRefusal(error.code, error.sentence, reason=error.reason) from None
            return finished
        except SessionLost:
            return self._lost.take_denial(job)

    def _send(self, job: Job, source: Source) -> Finished:
        with beating():
            tokens = self._tokens(job)
            secret = self._find_session(job)
            is_fresh = secret is None
            if secret is None:
                found = self._lost.find_finished(job)
                if found is not None:
                    return found
                secret, transfer = self._open_session(job, tokens)
                job = replace(job, transfer=transfer)
        upload = job.platform.upload(
            secret,
            job.publication,
            tokens.current,
            fresh=is_fresh,
            finish_sent_at=job.finish_sent_at,
        )
        sums = SourceSums(self._store, job, is_fresh=is_fresh)
        job.witness.follow(sums.digest)
        progress = Progress(self._store, job, sums)
        finish = Finish(self._store, job)
        with job.witness.during(During.BYTES if is_fresh else During.LOOK), sums.kept():
            return tokens.insist(
                lambda: engine.run(
                    upload,
                    source,
                    on_progress=progress.report,
                    before_finish=finish.mark,
                    pause=pause,
                    observe=job.witness.observe,
                    digest=sums.digest,
                )
            )

    def _tokens(self, job: Job) -> Tokens:
        return self._keeper.tokens(job.connection_id, around=job.witness.of_credential)

    def _find_session(self, job: Job) -> Secret | None:
        """The session to go on with: one that was lost is none."""
        if job.transfer is None or job.lost_at is not None:
            return None
        return transfers.find_session(self._vault, job.transfer)

    def _open_session(self, job: Job, tokens: Tokens) -> tuple[Secret, Transfer]:
        with job.witness.during(During.SESSION):
            secret = tokens.insist(
                lambda: job.platform.open_session(tokens.credential(), job.publication)
            )
        with self._store.write() as session:
            noted.note_summed(session, job.id, 0)
            transfer = transfers.open_transfer(
                session, self._vault, job.id, secret, known=job.fence.known
            )
            job.fence.known = transfer.version
            video_id = job.platform.named_video(secret)
            job.witness.note(EvidenceKind.SESSION_OPENED, videoId=video_id)
            job.witness.testify(session, job.assignment)
        return secret, transfer

    def _find_made(self, job: Job) -> Finished | None:
        """The video that was made already; None when there is none, and bytes move from now on."""
        if not job.is_unclear:
            return None
        found = self._read_backs.find(job) or self._lost.find(job)
        if found is None:
            with self._store.write() as session:
                row = noted.require_current(session, job.id, attempt=job.assignment.attempt)
                has_place = self._lanes.begin(session, row)
            if not has_place:
                raise over_share("transfers")
        return found

    def _is_last_word(self, job: Job, error: PlatformUnavailable) -> bool:
        """True for a trouble that is a bad file as well as a bad moment, met often enough.

        Temporal counts the tries, but among them are those that ended with their worker.
        """
        if error.tries is None or activity.info().attempt < error.tries:
            return False
        with self._store.read() as session:
            before = count_stops(session, job.assignment, error.code)
        return before + 1 >= error.tries

    # Giving up ----------------------------------------------------------------------------

    def _give_up(self, job: Job) -> Finished | None:
        """Discard the session, unless there is a video already: then that one."""
        if job.lost_at is not None:
            return self._read_backs.find(job) or self._lost.find(job)
        finished = self._read_backs.find(job) or self._ask(job)
        if finished is None:
            self._discard(job)
        return finished

    def _ask(self, job: Job) -> Finished | None:
        """What an open session has made, by the platform's word; nothing is sent."""
        secret = self._find_session(job)
        if secret is None or job.finish_sent_at is None:
            return None
        with beating():
            tokens = self._tokens(job)
        upload = job.platform.upload(
            secret, job.publication, tokens.current, finish_sent_at=job.finish_sent_at
        )
        try:
            with job.witness.during(During.LOOK):
                return tokens.insist(
                    lambda: engine.ask(
                        upload,
                        on_progress=beat,
                        pause=pause,
                        observe=job.witness.observe,
                    )
                )
        except SessionLost:
            return self._lost.take_denial(job)

    def _discard(self, job: Job) -> None:
        # Here first: from there on whoever was taken for dead and lives on finishes nothing.
        secret = self._find_session(self._load_again(job))
        with self._store.write() as session:
            transfer = transfers.clear_session(session, job.id, known=job.fence.known)
            job.fence.known = transfer.version
            if secret is not None:
                job.witness.note(EvidenceKind.SESSION_DISCARDED)
            job.witness.testify(session, job.assignment)
        if secret is None:
            return
        try:
            with beating():
                self._keeper.use(
                    job.connection_id,
                    lambda credential: job.platform.discard_session(secret, credential),
                )
        except PlatformError:
            activity.logger.info("an upload session is left to run out by itself")


def _require_due(row: Assignment) -> None:
    """Raise `NotDue` for a transfer that a workflow of an older state begins too early."""
    if row.scheduled_at is not None and row.scheduled_at > now() + CLOCKS_DIFFER:
        raise NotDue(
            "not_due",
            "It is scheduled for later than its workflow knows. It waits for that time.",
            until=row.scheduled_at,
        )
