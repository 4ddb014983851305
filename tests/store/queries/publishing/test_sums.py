"""Who computes a SHA-256, and what is kept of the bytes that others read, on both databases."""

from concurrent.futures import ThreadPoolExecutor, TimeoutError
from dataclasses import replace
from threading import Barrier

import pytest
from sqlmodel import Session

from domain.errors import SourceUnusable
from media.digest import SUM_BYTES
from store.engine import Store
from store.queries.publishing import videos
from store.queries.publishing.sums import (
    CLAIM_LASTS,
    Kept,
    Known,
    add_sums,
    claim_hashing,
    find_known,
    keep_sha256,
    keep_sums,
    release_claim,
)
from store.tables import BlockSums, Video, now
from tests.store.conftest import FACTS, Tenant

ONE, TWO, THREE = (bytes([number]) * SUM_BYTES for number in (1, 2, 3))
SHA256 = "a" * 64


@pytest.fixture
def video(tenant: Tenant) -> Video:
    return tenant.video()


def known(store: Store, video: Video) -> Known:
    with store.read() as session:
        return find_known(session, video.id)


def claim(store: Store, video: Video, assignment_id: str) -> bool:
    with store.write() as session:
        return claim_hashing(session, video.id, assignment_id)


def keep(store: Store, video: Video, sums: bytes, hasher: str | None = None) -> Kept:
    with store.write() as session:
        return keep_sums(session, video.id, sums, hasher=hasher)


def let_run_out(store: Store, video: Video) -> None:
    with store.write() as session:
        row_of(session, video).hashing_until = now()


def row_of(session: Session, video: Video) -> BlockSums:
    return session.get_one(BlockSums, video.id)


def test_a_video_that_nobody_has_read_has_no_sums(store: Store, video: Video) -> None:
    assert known(store, video) == Known(b"", None)


def test_what_was_read_at_registration_is_known(store: Store, tenant: Tenant) -> None:
    facts = replace(FACTS, sha256=SHA256, block_sums=ONE + TWO)
    with store.write() as session:
        video = videos.create_video(
            session, workspace_id=tenant.workspace.id, source_url="file:///a.mp4", facts=facts
        )
    assert known(store, video) == Known(ONE + TWO, SHA256)


def test_the_sums_grow_by_whoever_is_the_farthest(store: Store, video: Video) -> None:
    assert keep(store, video, ONE + TWO).sums == ONE + TWO
    assert keep(store, video, ONE).sums == ONE + TWO
    assert keep(store, video, ONE + TWO + THREE).sums == ONE + TWO + THREE
    assert known(store, video).sums == ONE + TWO + THREE


@pytest.mark.parametrize("sums", [TWO, ONE + THREE, TWO + TWO + THREE])
def test_a_read_that_found_other_bytes_is_refused_and_changes_nothing(
    store: Store, video: Video, sums: bytes
) -> None:
    keep(store, video, ONE + TWO)
    with pytest.raises(SourceUnusable) as raised:
        keep(store, video, sums)
    assert raised.value.code == "source_changed"
    assert known(store, video).sums == ONE + TWO


def test_another_video_begins_with_nothing(store: Store, tenant: Tenant, video: Video) -> None:
    keep(store, video, ONE)
    with store.write() as session:
        keep_sha256(session, video.id, SHA256)
    assert known(store, tenant.video()) == Known(b"", None)


def test_of_two_transfers_one_hashes(store: Store, video: Video) -> None:
    assert claim(store, video, "asg_1")
    assert not claim(store, video, "asg_2")
    assert claim(store, video, "asg_1"), "it may ask again"


def test_of_two_transfers_that_begin_at_once_one_hashes(store: Store, video: Video) -> None:
    together = Barrier(2)

    def begin(assignment_id: str) -> bool:
        together.wait(30)
        return claim(store, video, assignment_id)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(begin, ["asg_1", "asg_2"])) == [False, True]


def test_a_claim_waits_for_one_that_is_being_made(store: Store, video: Video) -> None:
    keep(store, video, ONE)
    with ThreadPoolExecutor(1) as threads:
        with store.write() as session:
            assert claim_hashing(session, video.id, "asg_1")
            second = threads.submit(claim, store, video, "asg_2")
            with pytest.raises(TimeoutError):
                second.result(timeout=0.5)
        assert not second.result(timeout=30)


def test_a_transfer_that_went_silent_is_succeeded_and_learns_of_it(
    store: Store, video: Video
) -> None:
    assert claim(store, video, "asg_1")
    let_run_out(store, video)
    assert claim(store, video, "asg_2")
    assert not keep(store, video, ONE, hasher="asg_1").hashes
    assert keep(store, video, ONE, hasher="asg_2").hashes


def test_progress_renews_the_claim(store: Store, video: Video) -> None:
    claim(store, video, "asg_1")
    let_run_out(store, video)
    began = now()
    assert keep(store, video, b"", hasher="asg_1").hashes
    with store.read() as session:
        until = row_of(session, video).hashing_until
    assert until is not None
    assert until >= began + CLAIM_LASTS
    assert not claim(store, video, "asg_2")


def test_who_does_not_hash_renews_nothing(store: Store, video: Video) -> None:
    claim(store, video, "asg_1")
    assert not keep(store, video, ONE).hashes
    let_run_out(store, video)
    keep(store, video, ONE + TWO)
    assert claim(store, video, "asg_2")


def test_a_claim_that_is_released_is_the_next_ones(store: Store, video: Video) -> None:
    claim(store, video, "asg_1")
    for releases, is_free in (("asg_2", False), ("asg_1", True)):
        with store.write() as session:
            keep_sums(session, video.id, ONE)
            release_claim(session, video.id, releases)
        assert claim(store, video, "asg_3") is is_free
    assert known(store, video).sums == ONE


def test_what_is_known_is_not_hashed_again(store: Store, video: Video) -> None:
    with store.write() as session:
        keep_sha256(session, video.id, SHA256)
    assert not claim(store, video, "asg_1")
    assert known(store, video).sha256 == SHA256


def test_the_first_hash_stands(store: Store, video: Video) -> None:
    with store.write() as session:
        keep_sha256(session, video.id, SHA256)
        keep_sha256(session, video.id, SHA256)
    with pytest.raises(SourceUnusable), store.write() as session:
        keep_sha256(session, video.id, "b" * 64)
    assert known(store, video).sha256 == SHA256


def test_sums_of_a_registration_agree_with_what_is_there(store: Store, video: Video) -> None:
    keep(store, video, ONE + TWO)
    with pytest.raises(SourceUnusable), store.write() as session:
        add_sums(session, video.id, TWO)
