"""One read of a source is hashed; further transfers and resumed ones are proved by block sums."""

import random
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import event, text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import TransferInput
from activities.publishing.jobs import Job, load_job
from activities.publishing.sums import SourceSums
from activities.publishing.underway import Progress, pause
from domain.errors import PlatformUnavailable, SourceUnusable
from domain.evidence import Proof
from domain.secrets import Secret
from media.digest import BLOCK_BYTES
from media.open import open_found
from media.policy import SourcePolicy
from media.source import VideoFacts
from platforms.protocol import Credential, Publication
from store.engine import Store
from store.queries.publishing import assignments, videos
from store.queries.publishing.progress import note_summed
from store.queries.publishing.sums import find_known
from store.queries.publishing.timeline import Summary, sum_up
from store.tables import Assignment, BlockSums, Video, now
from tests.activities.conftest import VAULT, DirectedPlatform, Installation
from tests.support.attachments import policies
from tests.support.origin import Origin
from tests.support.uploads import Step, UploadServer

MIB = 1024 * 1024
BYTES = random.Random(2).randbytes(2 * BLOCK_BYTES + 3 * MIB)
SIZE = len(BYTES)
SHA256 = sha256(BYTES).hexdigest()
OTHER = BYTES[: BLOCK_BYTES + 5] + b"?" + BYTES[BLOCK_BYTES + 6 :]


class SinkPlatform(DirectedPlatform):
    """Its sessions lead to a server of the test, which takes bytes; so many a request."""

    def __init__(self, server: UploadServer) -> None:
        super().__init__()
        self._chunk_size = 5 * MIB
        self._server = server

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        self._server.stored.clear()
        return Secret(self._server.url)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(BYTES) as origin:
        yield origin


@pytest.fixture
def server() -> Iterator[UploadServer]:
    with UploadServer(SIZE) as server:
        yield server


@pytest.fixture
def installation(tmp_path: Path, server: UploadServer) -> Iterator[Installation]:
    store = Store(f"sqlite:///{tmp_path / 'castline.db'}", VAULT, synchronous="normal")
    store.migrate()
    yield Installation(store, SinkPlatform(server), policies=policies(allow_private=True))
    store.close()


@pytest.fixture
def video(installation: Installation, origin: Origin) -> Video:
    """At the origin; nothing but its head was read."""
    with closing(open_found(origin.url, policy=SourcePolicy(allow_private=True))) as source:
        facts = VideoFacts(source.pin, "a.mp4", "video/mp4", "MPEG-4", 1000, 640, 360, None)
    with installation.store.write() as session:
        return videos.create_video(
            session, workspace_id=installation.workspace.id, source_url=origin.url, facts=facts
        )


def assign(installation: Installation, video: Video) -> Assignment:
    with installation.store.write() as session:
        return assignments.create_assignment(
            session,
            workspace_id=installation.workspace.id,
            connection_id=installation.connection_id,
            video_id=video.id,
            platform="youtube",
            payload={"title": "A clip"},
        )


def begin(installation: Installation, video: Video, *, is_fresh: bool = True) -> SourceSums:
    job = job_of(installation, assign(installation, video))
    return SourceSums(installation.store, job, is_fresh=is_fresh)


def job_of(installation: Installation, row: Assignment) -> Job:
    with installation.store.read() as session:
        return load_job(session, installation.registry, row.id)


def transfer(
    installation: Installation, row: Assignment, environment: ActivityEnvironment | None = None
) -> str:
    environment = environment or ActivityEnvironment()
    given = TransferInput(row.id, row.attempt)
    return environment.run(installation.transferring.transfer, given).platform_id


def summary(installation: Installation, row: Assignment) -> Summary:
    with installation.store.read() as session:
        return sum_up(session, assignments.get_assignment_by_id(session, row.id))


def proof(installation: Installation, row: Assignment) -> tuple[Proof, str | None]:
    told = summary(installation, row)
    return told.proof, told.sha256


def known_sha256(installation: Installation, video: Video) -> str | None:
    with installation.store.read() as session:
        return find_known(session, video.id).sha256


def feed(sums: SourceSums, start: int, end: int, content: bytes = BYTES) -> None:
    at = sums.digest.reach(start)
    sums.digest.feed(memoryview(content)[at:end])


def keep(installation: Installation, sums: SourceSums) -> None:
    with installation.store.write() as session:
        sums.keep(session)


def test_the_first_transfer_hashes_and_a_further_one_compares(
    installation: Installation, server: UploadServer, video: Video
) -> None:
    first, further = assign(installation, video), assign(installation, video)
    for row in (first, further):
        assert transfer(installation, row) == "made"
        assert server.stored == BYTES
    assert proof(installation, first) == (Proof.SHA256, SHA256)
    assert proof(installation, further) == (Proof.BLOCKS, SHA256)
    assert known_sha256(installation, video) == SHA256


def test_of_transfers_at_once_one_hashes_and_its_end_proves_the_others(
    installation: Installation, video: Video
) -> None:
    hashing, others = begin(installation, video), [begin(installation, video) for _ in range(2)]
    for sums in (others[0], hashing, others[1]):
        feed(sums, 0, SIZE)
        sums.digest.verify()
        if sums is others[0]:
            assert known_sha256(installation, video) is None
    assert hashing.digest.sha256 == SHA256 == known_sha256(installation, video)
    assert [sums.digest.sha256 for sums in others] == [None, None]


def test_what_was_sent_before_the_hash_was_known_is_proved_by_it(
    installation: Installation, video: Video
) -> None:
    hashing = begin(installation, video)
    row = assign(installation, video)
    transfer(installation, row)
    assert proof(installation, row) == (Proof.PARTIAL, None)
    feed(hashing, 0, SIZE)
    hashing.digest.verify()
    assert proof(installation, row) == (Proof.BLOCKS, SHA256)


def test_transfers_at_once_that_read_different_bytes_are_not_both_completed(
    installation: Installation, video: Video
) -> None:
    one, other = begin(installation, video), begin(installation, video)
    feed(one, 0, SIZE)
    feed(other, 0, SIZE, OTHER)
    one.digest.verify()
    with pytest.raises(SourceUnusable) as raised:
        other.digest.verify()
    assert raised.value.code == "source_changed"


def test_it_is_noticed_while_the_bytes_still_move(installation: Installation, video: Video) -> None:
    one, other = begin(installation, video), begin(installation, video)
    feed(one, 0, 2 * BLOCK_BYTES)
    keep(installation, one)
    feed(other, 0, 2 * BLOCK_BYTES, OTHER)
    with pytest.raises(SourceUnusable):
        keep(installation, other)


def test_what_others_have_read_meanwhile_is_compared(
    installation: Installation, video: Video
) -> None:
    """Also of blocks that they read later than this one began."""
    late, others = begin(installation, video), begin(installation, video)
    feed(late, 0, BLOCK_BYTES)
    feed(others, 0, SIZE)
    others.digest.verify()
    keep(installation, late)
    with pytest.raises(SourceUnusable):
        feed(late, BLOCK_BYTES, SIZE, OTHER)


def test_a_stopped_transfer_leaves_the_hash_to_the_next(
    installation: Installation, server: UploadServer, video: Video
) -> None:
    interrupted, next_one = assign(installation, video), assign(installation, video)
    stopped = ActivityEnvironment()
    server.steps.extend([Step(), Step(before_answer=stopped.worker_shutdown)])
    with pytest.raises(ApplicationError):
        transfer(installation, interrupted, stopped)
    transfer(installation, next_one)
    assert proof(installation, next_one) == (Proof.SHA256, SHA256)


def test_a_source_that_changed_under_its_version_is_never_completed(
    installation: Installation, server: UploadServer, origin: Origin, video: Video
) -> None:
    """Size and moment are the same; a further target sends nothing of the other bytes' block."""
    first, further = assign(installation, video), assign(installation, video)
    transfer(installation, first)
    origin.data = OTHER
    with pytest.raises(ApplicationError, match="Register it again"):
        transfer(installation, further)
    assert len(server.stored) < 2 * BLOCK_BYTES


def test_a_run_that_was_stopped_is_continued_from_its_block(
    installation: Installation, server: UploadServer, origin: Origin, video: Video
) -> None:
    row = assign(installation, video)
    stopped = ActivityEnvironment()
    server.steps.extend([Step(), Step(), Step(before_answer=stopped.worker_shutdown)])
    with pytest.raises(ApplicationError):
        transfer(installation, row, stopped)
    held, asked = len(server.stored), len(origin.asked)
    assert held >= 10 * MIB
    assert transfer(installation, row) == "made"
    assert server.stored == BYTES
    _opened, again, *_ = [span for span in origin.asked[asked:] if span != "bytes=0-0"]
    assert again == f"bytes={held - held % BLOCK_BYTES}-"
    assert proof(installation, row) == (Proof.PARTIAL, None)


def test_after_an_interrupted_transfer_the_next_one_hashes(
    installation: Installation, server: UploadServer, video: Video
) -> None:
    interrupted, next_one = assign(installation, video), assign(installation, video)
    stopped = ActivityEnvironment()
    server.steps.extend([Step(), Step(), Step(before_answer=stopped.worker_shutdown)])
    with pytest.raises(ApplicationError):
        transfer(installation, interrupted, stopped)
    transfer(installation, interrupted)
    transfer(installation, next_one)
    assert proof(installation, next_one) == (Proof.SHA256, SHA256)
    assert proof(installation, interrupted) == (Proof.BLOCKS, SHA256)


def test_who_was_silent_for_too_long_leaves_the_hash_to_another_transfer(
    installation: Installation, video: Video
) -> None:
    silent = begin(installation, video)
    feed(silent, 0, 100)
    with installation.store.write() as session:
        session.get_one(BlockSums, video.id).hashing_until = now()
    other = begin(installation, video)
    keep(installation, silent)
    for sums in (silent, other):
        feed(sums, 100 if sums is silent else 0, SIZE)
    assert (silent.digest.sha256, other.digest.sha256) == (None, SHA256)


def test_a_run_after_a_killed_one_leaves_the_hash_to_the_next_transfer(
    installation: Installation, video: Video
) -> None:
    """Its claim has not run out yet."""
    row = assign(installation, video)
    killed = SourceSums(installation.store, job_of(installation, row), is_fresh=True)
    feed(killed, 0, BLOCK_BYTES)
    with installation.store.write() as session:
        note_summed(session, row.id, BLOCK_BYTES)
        killed.keep(session)
    SourceSums(installation.store, job_of(installation, row), is_fresh=False)
    next_one = begin(installation, video)
    feed(next_one, 0, SIZE)
    assert next_one.digest.sha256 == SHA256


def test_a_video_that_is_there_already_is_proved_by_what_was_written_before_its_last_byte(
    installation: Installation, server: UploadServer, origin: Origin, video: Video
) -> None:
    """The worker that sent it did not live to write what became of it."""
    row = assign(installation, video)
    killed = ActivityEnvironment()
    server.steps.extend(
        [*[Step()] * 3, Step(lose_answer=True, before_answer=killed.worker_shutdown)]
    )
    with pytest.raises(ApplicationError):
        transfer(installation, row, killed)
    asked = len(origin.asked)
    assert transfer(installation, row) == "made"
    assert origin.asked[asked:] == ["bytes=0-"], "nothing was read again"
    assert proof(installation, row) == (Proof.BLOCKS, SHA256)


def test_another_session_begins_with_nothing_summed(
    installation: Installation, video: Video
) -> None:
    row = assign(installation, video)
    transfer(installation, row)
    job = job_of(installation, row)
    assert job.assignment.bytes_summed == SIZE
    assert SourceSums(installation.store, job, is_fresh=True).digest.reach(SIZE) == 0
    assert SourceSums(installation.store, job, is_fresh=False).digest.reach(SIZE) == SIZE


def test_a_session_that_is_opened_sets_the_row_back(
    installation: Installation, video: Video
) -> None:
    """Also where the run ends before it has begun to send."""
    row = assign(installation, video)
    with installation.store.write() as session:
        note_summed(session, row.id, SIZE)
    installation.platform.trouble = PlatformUnavailable("platform_unavailable", "It is away.")
    with pytest.raises(ApplicationError):
        transfer(installation, row)
    assert job_of(installation, row).assignment.bytes_summed == 0


def test_progress_takes_the_sums_along(installation: Installation, video: Video) -> None:
    row = assign(installation, video)
    job = job_of(installation, row)
    sums = SourceSums(installation.store, job, is_fresh=True)
    progress = Progress(installation.store, job, sums)
    feed(sums, 0, BLOCK_BYTES + 5)

    def known() -> bytes:
        with installation.store.read() as session:
            return find_known(session, video.id).sums

    def move() -> None:
        until = time.monotonic() + 30
        while not known() and time.monotonic() < until:
            progress.report(BLOCK_BYTES + 5)
            pause(0.1)

    ActivityEnvironment().run(move)
    assert known() == sums.digest.sums
    assert job_of(installation, row).assignment.bytes_summed == BLOCK_BYTES


def test_progress_of_a_further_target_costs_no_statement_for_its_sums(
    installation: Installation, video: Video
) -> None:
    feed(first := begin(installation, video), 0, SIZE)
    first.digest.verify()
    further = begin(installation, video)
    feed(further, 0, 2 * BLOCK_BYTES)
    statements: list[str] = []
    with installation.store.write() as session:
        event.listen(
            session.connection(),
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_: statements.append(statement),
        )
        further.keep(session)
        assert statements == []
        first.keep(session)
    assert [statement.split()[0] for statement in statements] == ["SELECT", "UPDATE"]


def test_sums_that_cannot_be_written_hide_no_error(
    installation: Installation, video: Video
) -> None:
    sums = begin(installation, video)
    with installation.store.write() as session:
        session.connection().execute(text("ALTER TABLE block_sums RENAME TO block_sums_away"))

    def run() -> None:
        with sums.kept():
            raise ValueError("what happened")

    with pytest.raises(ValueError, match="what happened"):
        ActivityEnvironment().run(run)
