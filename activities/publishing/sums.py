"""What a transfer reads of its source, kept for the next run of it and for other transfers.

A transfer that begins with the first byte of a video whose SHA-256 is not known claims that; it
is known once one has come to the last byte in one run. All others have block sums alone, and so
has a transfer that goes on where an earlier run was ended: the hash's state ended with that run.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session
from temporalio import activity

from activities.publishing.jobs import Job
from media.digest import Digest
from store.engine import Store
from store.queries.publishing import progress as noted
from store.queries.publishing import sums


class SourceSums:
    """The digest of one run, which begins here, and what the database keeps of it.

    `is_fresh`: the session was opened just now, so what the job's row says is of an earlier one.
    """

    def __init__(self, store: Store, job: Job, *, is_fresh: bool) -> None:
        self._store = store
        self._job = job
        summed = 0 if is_fresh else job.assignment.bytes_summed
        with store.read() as session:
            known = sums.find_known(session, job.video.id)
        self._hashes = False
        if known.sha256 is None:
            with store.write() as session:
                if summed:
                    # An earlier run may have been killed, and this one cannot go on hashing.
                    sums.release_claim(session, job.video.id, job.id)
                else:
                    self._hashes = sums.claim_hashing(session, job.video.id, job.id)
        self._kept = len(known.sums)
        self.digest = Digest(
            job.video.size,
            known=known.sums,
            summed=summed,
            hashes=self._hashes,
            settle=self._settle,
        )

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Where the run ends badly, write what the next one goes on from. That never fails."""
        try:
            yield
        except Exception:
            self._leave()
            raise

    def keep(self, session: Session) -> None:
        """Write what is new, and that it still hashes. Nothing to write is no statement.

        Raises `SourceUnusable` (code `source_changed`) where another read found other bytes.
        """
        seen = self.digest.sums
        if not self._hashes and len(seen) <= self._kept:
            return
        hasher = self._job.id if self._hashes else None
        kept = sums.keep_sums(session, self._job.video.id, seen, hasher=hasher)
        self.digest.learn(kept.sums)
        self._kept = len(kept.sums)
        if self._hashes and not kept.hashes:
            self._hashes = False
            self.digest.stop_hashing()

    def _note(self, session: Session) -> None:
        known = self._job.fence.known
        noted.note_summed(session, self._job.id, self.digest.summed, known=known)

    def _settle(self) -> None:
        """Every byte was read, and the last one waits: it leaves if they are the video's."""
        with self._store.write() as session:
            self._note(session)
            self.keep(session)
            if self.digest.sha256 is not None:
                sums.keep_sha256(session, self._job.video.id, self.digest.sha256)

    def _leave(self) -> None:
        try:
            with self._store.write() as session:
                self._note(session)
                self.keep(session)
                if self._hashes:
                    sums.release_claim(session, self._job.video.id, self._job.id)
        except Exception as unwritten:
            name = type(unwritten).__name__
            activity.logger.warning("block sums of %s were not written: %s", self._job.id, name)
