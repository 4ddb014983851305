"""What an activity needs to know of its assignment, read once at its start."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from activities.publishing.witness import Witness
from domain.states import KnownBy
from platforms.protocol import Platform, Publication
from platforms.registry import Registry
from platforms.transfer.machine import Finished
from store.queries.access import connections
from store.queries.publishing import assignments, transfers, videos
from store.tables import Assignment, Transfer, Video


@dataclass(slots=True)
class Fence:
    """Which decision about the upload is the latest that a run knows, its own ones included.

    Temporal may take a run for dead that lives on, and begin another: of the two, only the one
    that knows the latest decision may take the next.
    """

    known: int


@dataclass(frozen=True, slots=True)
class Job:
    assignment: Assignment
    video: Video
    transfer: Transfer | None
    """None: no session was ever opened."""
    platform: Platform
    account_id: str
    """The channel or Page, by the platform's own id."""
    fence: Fence
    witness: Witness = field(default_factory=Witness)
    """Sees what is done for it."""

    @property
    def id(self) -> str:
        return self.assignment.id

    @property
    def connection_id(self) -> str:
        return self.assignment.connection_id

    @property
    def finished(self) -> Finished | None:
        """The video that the platform is known to have; rows of older releases were answered."""
        row = self.assignment
        if row.platform_id is None:
            return None
        return Finished(row.platform_id, KnownBy(row.known_by or KnownBy.ANSWER))

    @property
    def finish_sent_at(self) -> datetime | None:
        """When the upload may last have been completed; None as long as no video can exist."""
        return None if self.transfer is None else self.transfer.finish_sent_at

    @property
    def lost_at(self) -> datetime | None:
        """When the platform first denied a session that may have made a video."""
        return None if self.transfer is None else self.transfer.lost_at

    @property
    def is_unclear(self) -> bool:
        """True where a video may be there that the row does not know: it is looked for first."""
        return self.lost_at is not None or self.assignment.read_back_from is not None

    @property
    def publication(self) -> Publication:
        """The same on every attempt, so that a lost session's video can be recognised."""
        return Publication(
            account_id=self.account_id,
            marker=self.assignment.id + _ending(self.video.file_name),
            type=self.assignment.type,
            payload=self.assignment.payload,
            size=self.video.size,
            content_type=self.video.content_type,
            file_name=self.video.file_name,
            duration_ms=self.video.duration_ms,
        )


def _ending(file_name: str) -> str:
    """What tells the type. The marker travels as a header, and a file name may be any text."""
    found = re.search(r"\.[A-Za-z0-9]{1,8}$", file_name)
    return found[0] if found else ""


def load_job(session: Session, registry: Registry, assignment_id: str) -> Job:
    """Raises `NotFound` for an assignment without a row."""
    assignment = assignments.get_assignment_by_id(session, assignment_id)
    transfer = transfers.find_transfer(session, assignment_id)
    return Job(
        assignment=assignment,
        video=videos.get_video_by_id(session, assignment.video_id),
        transfer=transfer,
        fence=Fence(0 if transfer is None else transfer.version),
        platform=registry.get(assignment.platform),
        account_id=connections.get_connection_by_id(session, assignment.connection_id).account_id,
    )
