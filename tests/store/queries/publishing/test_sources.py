"""Another address for a video: what continues, what begins again, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Conflict, NotFound, Unconfirmed
from domain.evidence import EvidenceKind
from domain.secrets import Secret
from domain.states import AssignmentState, KnownBy, WaitReason
from domain.wakes import SourceReplaced, Wake
from media.source import Pin, VideoFacts
from store.engine import Store
from store.queries.publishing import assignments, progress, transfers, videos
from store.queries.publishing.sources import replace_source
from store.tables import Assignment, Transfer, Video, now
from store.vault import Vault
from tests.store.conftest import FACTS, Tenant
from tests.support.evidence import evidence_of

NEXT = "https://cdn.example.com/holiday.mp4?signature=next"
OTHER = replace(FACTS, pin=Pin(FACTS.pin.size, "v2"), width=1920)


@pytest.fixture
def woken(store: Store) -> list[Wake]:
    seen: list[Wake] = []
    store.after_commit = seen.extend
    return seen


@pytest.fixture
def waiting(tenant: Tenant) -> Assignment:
    """It waits for its source with a session open."""
    return wait(tenant, tenant.assignment())


def wait(tenant: Tenant, row: Assignment) -> Assignment:
    with tenant.store.write() as session:
        return progress.record_state(
            session,
            row.id,
            state=AssignmentState.WAITING,
            wait_reason=WaitReason.SOURCE,
            wait_until=now() + timedelta(minutes=15),
            warnings={"file_upright": "It is upright."},
        )


def open_session(store: Store, vault: Vault, row: Assignment) -> Transfer:
    with store.write() as session:
        return transfers.open_transfer(session, vault, row.id, Secret("session"), known=0)


def put(tenant: Tenant, row: Assignment, facts: VideoFacts = FACTS, **more: Any) -> Assignment:
    with tenant.store.write() as session:
        return replace_source(
            session,
            tenant.workspace.id,
            row.id,
            source_url=NEXT,
            facts=facts,
            warnings=more.get("warnings", {}),
        )


def read(store: Store, row: Assignment) -> tuple[Assignment, Video]:
    with store.read() as session:
        found = assignments.get_assignment_by_id(session, row.id)
        return found, videos.get_video_by_id(session, found.video_id)


def test_the_same_file_keeps_its_session_and_is_tried_now(
    store: Store, vault: Vault, tenant: Tenant, waiting: Assignment, woken: list[Wake]
) -> None:
    open_session(store, vault, waiting)
    for _ in range(2):
        put(tenant, waiting)
    row, video = read(store, waiting)
    assert (row.video_id, video.source_url) == (waiting.video_id, NEXT)
    assert row.warnings == {"file_upright": "It is upright."}
    assert row.wait_until is not None
    assert row.wait_until <= now()
    assert SourceReplaced(row.id) in woken
    with store.read() as session:
        transfer = transfers.find_transfer(session, row.id)
    assert transfer is not None
    assert (transfer.version, transfer.sealed_session is None) == (1, False)
    [told] = evidence_of(store, row.id, EvidenceKind.SOURCE_REPLACED)
    assert (told.data, told.times) == ({"same": True}, 2)


def test_the_other_assignments_of_the_video_are_served_too(
    store: Store, tenant: Tenant, waiting: Assignment, woken: list[Wake]
) -> None:
    def another() -> Assignment:
        connection = tenant.connection("UC2")
        with store.write() as session:
            return assignments.create_assignment(
                session,
                workspace_id=tenant.workspace.id,
                connection_id=connection.id,
                video_id=waiting.video_id,
                platform="youtube",
                payload={"title": "Holiday"},
            )

    second, third = wait(tenant, another()), another()
    woken.clear()
    put(tenant, waiting)
    assert set(woken) == {SourceReplaced(waiting.id), SourceReplaced(second.id)}
    assert {read(store, row)[1].source_url for row in (waiting, second, third)} == {NEXT}


@pytest.mark.parametrize(
    ("known", "seen", "is_same"),
    [
        ((5, "v1", None), (5, "v1", None), True),
        ((5, "v1", "aa"), (5, "v1", None), True),
        ((5, "v1", "aa"), (5, "v2", "aa"), True),
        ((5, "v1", "aa"), (5, "v1", "bb"), False),
        ((5, "v1", None), (5, "v2", None), False),
        ((5, "v1", "aa"), (5, "v2", None), False),
        ((5, "v1", None), (6, "v1", None), False),
        # Nothing proves that these are the same bytes.
        ((5, "", None), (5, "", None), False),
    ],
)
def test_only_what_is_provably_the_same_file_counts_as_it(
    known: tuple[int, str, str | None], seen: tuple[int, str, str | None], *, is_same: bool
) -> None:
    video = Video(
        workspace_id="w",
        number=1,
        size=known[0],
        pin_version=known[1],
        sha256=known[2],
        file_name="a.mp4",
        content_type="video/mp4",
        container="mp4",
    )
    facts = replace(FACTS, pin=Pin(seen[0], seen[1]), sha256=seen[2])
    assert videos.gives_same_file(video, facts) is is_same


def test_the_same_file_under_another_version_is_pinned_by_it(
    store: Store, tenant: Tenant, waiting: Assignment
) -> None:
    with store.write() as session:
        videos.lock_video(session, waiting.video_id).sha256 = "aa"
    put(tenant, waiting, replace(OTHER, sha256="aa"))
    row, video = read(store, waiting)
    assert (row.video_id, video.pin_version) == (waiting.video_id, "v2")


def test_another_file_is_a_video_of_its_own_and_begins_again(
    store: Store, vault: Vault, tenant: Tenant, waiting: Assignment
) -> None:
    before = open_session(store, vault, waiting)
    with store.write() as session:
        progress.note_sent(session, waiting.id, 1000, bytes_summed=1000)
    put(tenant, waiting, OTHER, warnings={"file_wide": "It is wide."})
    row, video = read(store, waiting)
    assert row.video_id != waiting.video_id
    assert (video.source_url, video.pin_version, video.width) == (NEXT, "v2", 1920)
    assert (row.bytes_sent, row.bytes_summed, row.bytes_total) == (0, 0, OTHER.pin.size)
    assert row.warnings == {"file_wide": "It is wide."}
    with store.read() as session:
        old = videos.get_video_by_id(session, waiting.video_id)
        transfer = transfers.find_transfer(session, row.id)
    assert (old.source_url, old.pin_version) == ("file:///holiday.mp4", "v1")
    assert transfer is not None
    assert transfer.sealed_session is None
    kinds = [entry.kind for entry in evidence_of(store, row.id)]
    assert kinds == [EvidenceKind.SESSION_DISCARDED, EvidenceKind.SOURCE_REPLACED]
    # A worker that was taken for dead completes the old upload no more.
    with store.write() as session, pytest.raises(Unconfirmed):
        transfers.mark_finish_sent(session, row.id, known=before.version)


def test_another_file_leaves_the_warning_of_a_missing_thumbnail(
    tenant: Tenant, waiting: Assignment
) -> None:
    missing = {"thumbnail_missing": "It is read again when the video is live."}
    with tenant.store.write() as session:
        row = assignments.lock_assignment(session, waiting.id)
        row.warnings = {**row.warnings, **missing}
    put(tenant, waiting, OTHER, warnings={"file_wide": "It is wide."})
    row, _ = read(tenant.store, waiting)
    assert row.warnings == {"file_wide": "It is wide.", **missing}


def test_a_worker_taken_for_dead_stores_no_session_for_the_old_file(
    store: Store, vault: Vault, tenant: Tenant, waiting: Assignment
) -> None:
    put(tenant, waiting, OTHER)
    with pytest.raises(Unconfirmed):
        open_session(store, vault, waiting)


@pytest.mark.parametrize("state", [AssignmentState.UPLOADING, AssignmentState.UNCONFIRMED])
def test_while_bytes_are_sent_only_the_same_file_is_taken(
    store: Store, tenant: Tenant, waiting: Assignment, state: AssignmentState
) -> None:
    with store.write() as session:
        progress.record_state(session, waiting.id, state=state, warnings={})
    with pytest.raises(Conflict) as caught:
        put(tenant, waiting, OTHER)
    assert caught.value.code == "source_differs"
    assert read(store, waiting)[1].source_url == "file:///holiday.mp4"
    put(tenant, waiting)
    assert read(store, waiting)[1].source_url == NEXT


@pytest.mark.parametrize("lost", [False, True])
def test_where_a_video_may_be_there_no_other_file_is_taken(
    store: Store, vault: Vault, tenant: Tenant, waiting: Assignment, *, lost: bool
) -> None:
    open_session(store, vault, waiting)
    with store.write() as session:
        if lost:
            transfers.mark_lost(session, waiting.id, known=1)
        else:
            transfers.mark_finish_sent(session, waiting.id, known=1)
    with pytest.raises(Conflict) as caught:
        put(tenant, waiting, OTHER)
    assert caught.value.code == "source_differs"


def test_a_gap_that_is_not_read_takes_no_other_file(
    store: Store, tenant: Tenant, waiting: Assignment
) -> None:
    with store.write() as session:
        assignments.lock_assignment(session, waiting.id).read_back_from = now()
    with pytest.raises(Conflict) as caught:
        put(tenant, waiting, OTHER)
    assert caught.value.code == "source_differs"


@pytest.mark.parametrize("is_uploaded", [True, False])
def test_it_is_too_late_once_the_platform_has_every_byte(
    store: Store, tenant: Tenant, waiting: Assignment, *, is_uploaded: bool
) -> None:
    with store.write() as session:
        if is_uploaded:
            known_by = KnownBy.ANSWER
            progress.note_finished(session, waiting.id, platform_id="yt1", known_by=known_by)
        else:
            progress.record_state(session, waiting.id, state=AssignmentState.PUBLISHED, warnings={})
    with pytest.raises(Conflict) as caught:
        put(tenant, waiting)
    assert caught.value.code == "too_late"


def test_a_failed_one_takes_another_file_and_nobody_is_woken(
    store: Store, tenant: Tenant, waiting: Assignment, woken: list[Wake]
) -> None:
    with store.write() as session:
        progress.record_state(session, waiting.id, state=AssignmentState.FAILED, warnings={})
    woken.clear()
    put(tenant, waiting, OTHER)
    assert read(store, waiting)[1].source_url == NEXT
    assert not [one for one in woken if isinstance(one, SourceReplaced)]


def test_a_foreign_assignment_is_left_alone(
    store: Store, stranger: Tenant, waiting: Assignment
) -> None:
    with pytest.raises(NotFound):
        put(stranger, waiting)
    assert read(store, waiting)[1].source_url == "file:///holiday.mp4"
