"""Block sums of a video's bytes, and who computes their SHA-256.

A video is one file, wherever it lies, and another file is another video. The sums grow from the
first block on, by the read that is farthest. What any other read finds is compared with them, so
two uploads that are completed had the same bytes. One transfer at a time computes the SHA-256: it
claims that, and what it writes of its progress renews the claim. A claim that is not renewed runs
out, and the next transfer that begins with the first byte may claim the SHA-256.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, select

from media.digest import changed
from store.queries.rows import insert_new, lock_row
from store.tables import BlockSums, Video, now

CLAIM_LASTS = timedelta(minutes=2)
"""Progress is written every two seconds; a pause between two tries takes half a minute."""
_NOT_FOUND = "video_not_found"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the bytes of a video."""

    sums: bytes
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a video after a transfer has written what it read."""

    sums: bytes
    hashes: bool
    """True while it is this transfer that computes the SHA-256."""


def find_known(session: Session, video_id: str) -> Known:
    """What any read of the video has left by now."""
    query = (
        select(Video.sha256, BlockSums.sums)
        .join(BlockSums, col(BlockSums.video_id) == col(Video.id), isouter=True)
        .where(Video.id == video_id)
    )
    sha256, sums = session.exec(query).one()
    return Known(sums or b"", sha256)


def add_sums(session: Session, video_id: str, sums: bytes) -> None:
    """Write the sums of a video that was just registered. Raises as `keep_sums`."""
    _extend(_lock(session, video_id), sums)


def claim_hashing(session: Session, video_id: str, assignment_id: str) -> bool:
    """Claim for an assignment's transfer the SHA-256 of the video. Idempotent.

    False: it is known, or another transfer computes it. Of two at once, one gets it.
    """
    row = _lock(session, video_id)
    if find_known(session, video_id).sha256 is not None or not _is_free(row, assignment_id):
        return False
    row.hasher, row.hashing_until = assignment_id, now() + CLAIM_LASTS
    return True


def keep_sums(session: Session, video_id: str, sums: bytes, *, hasher: str | None = None) -> Kept:
    """Write the sums of the first blocks, as a transfer has read them, and renew its claim.

    `hasher`: the assignment, where its transfer computes the SHA-256. Raises `SourceUnusable`
    (code `source_changed`) where another read found other bytes.
    """
    row = _lock(session, video_id)
    _extend(row, sums)
    hashes = hasher is not None and _is_free(row, hasher)
    if hashes:
        row.hasher, row.hashing_until = hasher, now() + CLAIM_LASTS
    return Kept(row.sums, hashes)


def release_claim(session: Session, video_id: str, assignment_id: str) -> None:
    """Let the next transfer compute the SHA-256. What another one claims is left alone."""
    row = _lock(session, video_id)
    if row.hasher == assignment_id:
        row.hasher = row.hashing_until = None


def keep_sha256(session: Session, video_id: str, sha256: str) -> None:
    """Write the SHA-256 of all bytes. The first one stands.

    Raises `SourceUnusable` (code `source_changed`) where it is another one: then the sums are
    the same, and the bytes are not.
    """
    row = lock_row(session, Video, video_id, code=_NOT_FOUND)
    if row.sha256 not in (None, sha256):
        raise changed()
    row.sha256 = sha256


def _extend(row: BlockSums, sums: bytes) -> None:
    common = min(len(row.sums), len(sums))
    if row.sums[:common] != sums[:common]:
        raise changed()
    if len(sums) > common:
        row.sums = sums


def _is_free(row: BlockSums, assignment_id: str) -> bool:
    has_run_out = row.hashing_until is None or row.hashing_until <= now()
    return row.hasher in (None, assignment_id) or has_run_out


def _lock(session: Session, video_id: str) -> BlockSums:
    """The row, held, and made where there is none."""
    row = _find_locked(session, video_id)
    while row is None:
        insert_new(session, BlockSums(video_id=video_id))
        row = _find_locked(session, video_id)
    return row


def _find_locked(session: Session, video_id: str) -> BlockSums | None:
    held = {"key_share": True}
    return session.get(BlockSums, video_id, with_for_update=held, populate_existing=True)
