"""A session that the platform denies: what is read before another one is opened, and how long.

Denied before a request that may complete it had left, a session has made nothing, and another
is opened at once. Denied afterwards, it may have made a video: the account's uploads are read
until they show it, or have gone without it for days. Each look leaves its evidence, and only a
look that could decide counts: one that could not is repeated, for as long as it takes. What was
denied and is there again goes on.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from activities.access.credentials import CredentialKeeper
from activities.publishing.jobs import Job
from activities.publishing.underway import beating
from domain.clocks import CLOCK_MARGIN
from domain.errors import PlatformUnavailable, SessionFound, Unconfirmed
from domain.evidence import During, EvidenceKind, Told
from domain.states import KnownBy
from platforms.transfer.machine import Finished
from store.engine import Store
from store.queries.publishing import transfers
from store.tables import Transfer
from store.vault import Vault

SETTLING = timedelta(days=2)
"""How long the uploads must go without the video before it counts as never made.

An upload is listed as soon as it is complete (facts: it appears at once, processed or not), but
neither platform promises that. A day too many delays one assignment, which a person may force;
an hour too few makes a second video, which nobody can take back.
"""


class LostSessions:
    def __init__(self, store: Store, vault: Vault, keeper: CredentialKeeper) -> None:
        self._store = store
        self._vault = vault
        self._keeper = keeper

    def take_denial(self, job: Job) -> Finished:
        """The video of a session that the platform has just denied.

        Raises `PlatformUnavailable` where there is none and another session may be opened, and
        `Unconfirmed` where that is not known yet. On retry the first denial is what counts.
        """
        with self._store.write() as session:
            may_exist = transfers.ensure_transfer(session, job.id).finish_sent_at is not None
            decide = transfers.mark_lost if may_exist else transfers.clear_session
            transfer = decide(session, job.id, known=job.fence.known)
            job.fence.known = transfer.version
            job.witness.note(EvidenceKind.SESSION_LOST, mayExist=may_exist)
            job.witness.testify(session, job.assignment)
        found = self.find(replace(job, transfer=transfer))
        if found is None:
            raise PlatformUnavailable(
                "session_lost",
                "The platform forgot the upload and made no video of it; it begins anew.",
            )
        return found

    def find(self, job: Job) -> Finished | None:
        """The video of a lost session; None when there is none, and another may be opened.

        Raises `Unconfirmed` as long as neither is sure, and `SessionFound` where the platform
        knows the session again: the next run goes on with it. Sends nothing, on any retry.
        """
        if job.lost_at is None:
            return None
        try:
            platform_id = self._look(job)
        except SessionFound:
            job.witness.note(EvidenceKind.RECONCILED, told=Told.HELD)
            self._decide(job, transfers.mark_found)
            raise
        if platform_id is not None:
            return Finished(platform_id, KnownBy.LISTING)
        if datetime.now(UTC) - job.lost_at < SETTLING:
            raise Unconfirmed(
                "outcome_unconfirmed",
                "The platform forgot the upload and does not list the video; it is read again.",
            )
        self._decide(job, transfers.settle_transfer)
        return None

    def find_finished(self, job: Job) -> Finished | None:
        """The video of a session that was given up after its finish had left us, if there is one.

        A worker that lived on while it was taken for dead may have sent that finish's bytes.
        """
        if job.finish_sent_at is None or job.lost_at is not None:
            return None
        platform_id = self._look(job)
        return None if platform_id is None else Finished(platform_id, KnownBy.LISTING)

    def _decide(self, job: Job, decide: Callable[..., Transfer]) -> None:
        """Write what is decided about the upload, with what was seen of it."""
        with self._store.write() as session:
            transfer = decide(session, job.id, known=job.fence.known)
            job.fence.known = transfer.version
            job.witness.testify(session, job.assignment)

    def _look(self, job: Job) -> str | None:
        assert job.transfer is not None
        assert job.transfer.opened_at is not None, "what was lost was opened"
        secret = transfers.find_session(self._vault, job.transfer)
        since = job.transfer.opened_at - CLOCK_MARGIN
        try:
            with beating(), job.witness.during(During.LOOK):
                platform_id = self._keeper.use(
                    job.connection_id,
                    lambda credential: job.platform.find_published(
                        credential, job.publication, secret, since=since
                    ),
                    around=job.witness.of_credential,
                )
        except Unconfirmed as doubt:
            job.witness.note(EvidenceKind.RECONCILED, told=Told.UNCLEAR, reason=doubt.reason)
            raise
        told = Told.ABSENT if platform_id is None else Told.FINISHED
        job.witness.note(EvidenceKind.RECONCILED, told=told, platformId=platform_id)
        return platform_id
