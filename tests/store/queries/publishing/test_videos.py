import pytest

from domain.errors import NotFound
from store.engine import Store
from store.queries.publishing import videos
from tests.store.conftest import FACTS, Tenant


def test_a_video_keeps_its_facts(store: Store, tenant: Tenant) -> None:
    video = tenant.video()
    with store.read() as session:
        row = videos.get_video(session, tenant.workspace.id, video.id)
    assert (row.size, row.pin_version) == (FACTS.pin.size, FACTS.pin.version)
    assert (row.file_name, row.container, row.ranges) == ("holiday.mp4", "mp4", True)


def test_the_facts_of_a_video_are_those_it_was_registered_with(
    store: Store, tenant: Tenant
) -> None:
    video = tenant.video()
    with store.read() as session:
        row = videos.get_video(session, tenant.workspace.id, video.id)
    assert videos.facts_of(row) == FACTS


def test_videos_are_counted_per_workspace(tenant: Tenant, stranger: Tenant) -> None:
    assert [tenant.video().number, tenant.video().number] == [1, 2]
    assert stranger.video().number == 1


def test_a_number_means_the_workspaces_own_video(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    ours, _, _ = tenant.video(), stranger.video(), stranger.video()
    with store.read() as session:
        assert videos.get_video_by_number(session, tenant.workspace.id, 1).id == ours.id
        for number in (2, 0, -1, 2**31, 2**70):
            with pytest.raises(NotFound):
                videos.get_video_by_number(session, tenant.workspace.id, number)


def test_a_foreign_video_is_not_found(store: Store, tenant: Tenant, stranger: Tenant) -> None:
    video = tenant.video()
    with store.read() as session:
        assert videos.get_video_by_id(session, video.id).id == video.id
        with pytest.raises(NotFound) as caught:
            videos.get_video(session, stranger.workspace.id, video.id)
    assert caught.value.code == "video_not_found"


def test_videos_are_listed_newest_first(store: Store, tenant: Tenant) -> None:
    for _ in range(3):
        tenant.video()
    with store.read() as session:
        page = videos.find_videos(session, tenant.workspace.id, page=1, limit=2)
    assert [video.number for video in page.items] == [3, 2]
    assert page.total == 3
