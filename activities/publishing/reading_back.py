"""After a restore: what was published since the backup is looked for before anything is sent.

The row knows nothing of what happened between the backup and the restore, so the account's own
list is the evidence. A video that is undoubtedly this assignment's is taken over. None is believed
once the platform has had the time to list everything that was sent before the restore. In every
other case nothing is sent: the candidates are shown, and a person decides.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from activities.access.credentials import CredentialKeeper
from activities.publishing.jobs import Job
from activities.publishing.underway import beating
from domain.errors import Unconfirmed
from domain.evidence import During, EvidenceKind, Told
from domain.sentences import NAMES
from domain.states import KnownBy, PlatformName
from platforms.protocol import Candidate, ReadBack
from platforms.transfer.machine import Finished
from store.engine import Store
from store.queries.access import grants
from store.queries.installation import find_restored
from store.queries.publishing import progress, read_backs, transfers
from store.queries.telling.events import written
from store.vault import Vault

RIVAL_TOLERANCE = timedelta(seconds=3)
"""Two files of ours whose lengths differ by less may each be the one that a list shows: twice what
an adapter allows a listed length to differ."""


class ReadBacks:
    def __init__(self, store: Store, vault: Vault, keeper: CredentialKeeper) -> None:
        self._store = store
        self._vault = vault
        self._keeper = keeper

    def find(self, job: Job) -> Finished | None:
        """The video that was published in the gap; None where there is none, or was no gap.

        Raises `Unconfirmed` as long as neither is sure. Sends nothing, on any retry; once it is
        decided that there is none, no later run looks again.
        """
        since = job.assignment.read_back_from
        if since is None or job.finished is not None:
            return None
        seen = self._look(job, since)
        with self._store.write() as session:
            # Held to the end: of two rows that may have one video, the second sees it taken.
            held = grants.hold_everywhere(session, job.assignment.platform, job.account_id)
            connection_ids = [one.id for one in held]
            row = progress.require_current(session, job.id, attempt=job.assignment.attempt)
            if not read_backs.is_unread(row):
                return replace(job, assignment=row).finished  # decided meanwhile
            platform_id, candidates = self._decide(session, job, seen, connection_ids)
            if platform_id is not None:
                self._note(job, since, Told.FINISHED, platformId=platform_id)
                progress.note_finished(
                    session, job.id, platform_id=platform_id, known_by=KnownBy.LISTING
                )
                job.witness.testify(session, job.assignment)
                return Finished(platform_id, KnownBy.LISTING)
            is_absent = seen.is_whole and not candidates
            shown = [_shown(one) for one in candidates]
            told = Told.ABSENT if is_absent else Told.UNCLEAR
            self._note(job, since, told, candidates=shown or None)
            job.witness.testify(session, job.assignment)
            if is_absent and self._is_listed_by_now(session, job):
                read_backs.forget_gap(row)
                return None
            row.candidates = shown
        raise _unconfirmed(job, candidates, is_absent=is_absent)

    def _look(self, job: Job, since: datetime) -> ReadBack:
        secret = None if job.transfer is None else transfers.find_session(self._vault, job.transfer)
        try:
            with beating(), job.witness.during(During.LOOK):
                return self._keeper.use(
                    job.connection_id,
                    lambda credential: job.platform.read_back(
                        credential, job.publication, secret, since=since
                    ),
                    around=job.witness.of_credential,
                )
        except Unconfirmed as doubt:
            self._note(job, since, Told.UNCLEAR, reason=doubt.reason)
            raise

    def _decide(
        self, session: Session, job: Job, seen: ReadBack, connection_ids: Sequence[str]
    ) -> tuple[str | None, Sequence[Candidate]]:
        """The video beyond doubt, or those that it may be."""
        if seen.platform_id is not None:
            return seen.platform_id, ()
        ids = [one.id for one in seen.candidates]
        owned = read_backs.find_owned(session, connection_ids, ids)
        free = [one for one in seen.candidates if one.id not in owned]
        match free:
            case [only] if only.is_match and not self._has_doubt(session, job, connection_ids):
                return only.id, ()
            case _:
                return None, free

    def _has_doubt(self, session: Session, job: Job, connection_ids: Sequence[str]) -> bool:
        """True where the video may be another assignment's of ours."""
        restored, length = find_restored(session), job.video.duration_ms
        if restored is None or length is None:
            return False
        if restored.histories_read_at is None:
            # What was accepted in the gap has no row, and is not recorded yet.
            return True
        tolerance = RIVAL_TOLERANCE // timedelta(milliseconds=1)
        ours = job.assignment.payload
        return any(
            all(row.payload.get(name) == ours.get(name) for name in ("title", "description"))
            for row in read_backs.list_rivals(
                session,
                job.assignment,
                connection_ids,
                created_before=restored.restored_at,
                durations=(length - tolerance, length + tolerance),
            )
        )

    def _is_listed_by_now(self, session: Session, job: Job) -> bool:
        """True once the list shows everything that was sent before the restore."""
        restored = find_restored(session)
        if restored is None:
            return True
        return datetime.now(UTC) - restored.restored_at >= job.platform.capabilities.listed_within

    def _note(self, job: Job, since: datetime, told: Told, **more: object) -> None:
        job.witness.note(EvidenceKind.READ_BACK, told=told, since=written(since), **more)


def _shown(candidate: Candidate) -> dict[str, str | None]:
    """As the evidence and the API have it."""
    return {
        "id": candidate.id,
        "title": candidate.title,
        "createdAt": written(candidate.created_at),
        "url": candidate.url,
    }


def _unconfirmed(job: Job, candidates: Sequence[Candidate], *, is_absent: bool) -> Unconfirmed:
    name = NAMES[PlatformName(job.assignment.platform)]
    restored = "The database was restored from a backup"
    if is_absent:
        sentence = (
            f"{restored}. {name} does not list the video, and may still do so: it is read again "
            "before anything is sent."
        )
    elif candidates:
        links = ", ".join(one.url for one in candidates)
        sentence = (
            f"{restored}, and the video may be on {name} already: {links}. Look at it. If it is "
            "another video, force a retry with a reason: then it is sent."
        )
    else:
        sentence = (
            f"{restored}. {name} does not show whether the video is there already. Look at the "
            "account. If it is not there, force a retry with a reason: then it is sent."
        )
    return Unconfirmed("outcome_unconfirmed", sentence)
