from typing import Any

import pytest

from platforms.facebook.publishing.status import Progress, VideoStatus, read_status


def look(status: dict[str, Any] | None = None, **node: Any) -> VideoStatus:
    return read_status({"id": "42", "status": status or {}, **node})


def phase(name: str, **fields: Any) -> VideoStatus:
    return look({"video_status": "processing", f"{name}_phase": fields})


def test_a_node_as_metas_servers_spell_it() -> None:
    status = look(
        {
            "video_status": "processing",
            "processing_progress": 12,
            "uploading_phase": {"status": "complete", "bytes_transferred": 151626},
            "processing_phase": {"status": "not_started"},
            "publishing_phase": {"status": "not_started"},
            "copyright_check_status": {"status": "error"},
        }
    )
    assert (status.is_uploaded, status.stored, status.percent) == (True, 151626, 12)
    assert status.copyright.progress is Progress.ERROR
    assert (status.shows_finish, status.fault) == (False, None)


def test_a_node_as_metas_pages_spell_it() -> None:
    status = look(
        {
            "video_status": "processing",
            "uploading_phase": {"status": "completed", "bytes_transfered": 50002},
            "processing_phase": {"status": "not_started", "error": {"message": "Too small."}},
        }
    )
    assert (status.is_uploaded, status.stored) == (True, 50002)
    assert status.fault is not None
    assert status.fault.code == "processing_failed"


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"status": None},
        {"status": []},
        {"status": {"uploading_phase": "complete", "processing_progress": "many"}},
        {"status": {"publishing_phase": {"status": "new_word", "errors": []}}},
        {"published": "true", "scheduled_publish_time": "soon", "permalink_url": 5},
    ],
)
def test_what_is_missing_or_strange_counts_as_not_begun(strange: dict[str, Any]) -> None:
    status = read_status(strange)
    assert (status.is_uploaded, status.shows_finish, status.shows_work) == (False,) * 3
    assert status.fault is None
    assert (status.stored, status.percent, status.permalink) == (None, None, None)


@pytest.mark.parametrize(
    "status",
    [
        look(published=True),
        look(scheduled_publish_time=1798761600),
        look(scheduled_publish_time="2027-01-01T00:00:00+0000"),
        phase("publishing", status="in_progress"),
        phase("publishing", status="complete"),
        phase("publishing", status="not_started", publish_status="scheduled"),
        phase("publishing", status="not_started", publish_status="published"),
    ],
)
def test_what_is_to_be_seen_shows_the_finish(status: VideoStatus) -> None:
    assert status.shows_finish


@pytest.mark.parametrize(
    "status",
    [
        look({"video_status": "ready"}),
        phase("processing", status="in_progress"),
        phase("processing", status="completed"),
    ],
)
def test_processing_shows_work_and_not_yet_the_finish(status: VideoStatus) -> None:
    assert (status.shows_work, status.shows_finish) == (True, False)


@pytest.mark.parametrize(
    "status",
    [
        look({"video_status": "uploading"}),
        look({"video_status": "upload_complete"}, published=False),
        look({"video_status": "processing"}, scheduled_publish_time=None),
        phase("publishing", status="not_started", publish_status="draft"),
        phase("uploading", status="complete"),
    ],
)
def test_what_a_video_shows_without_a_finish_proves_none(status: VideoStatus) -> None:
    assert not status.shows_finish
    assert not status.shows_work


def test_a_time_of_publication_is_read_as_a_number_or_as_text() -> None:
    for time in (1798761600, "1798761600", "2027-01-01T00:00:00+0000"):
        assert look(scheduled_publish_time=time).scheduled_at == 1798761600


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (look({"video_status": "error"}), "processing_failed"),
        (look({"video_status": "upload_failed"}), "upload_failed"),
        (look({"video_status": "expired"}), "video_expired"),
        (phase("uploading", status="error"), "upload_failed"),
        (phase("processing", status="error"), "processing_failed"),
        (phase("publishing", status="error"), "publishing_failed"),
        (phase("publishing", status="complete", publish_status="error"), "publishing_failed"),
        (phase("processing", status="error", errors=[{"code": 1363128}]), "duration_unsupported"),
        (phase("processing", status="error", errors=[{"code": "352"}]), "format_unsupported"),
        (phase("processing", status="error", errors=[{"code": 2}]), "processing_failed"),
        (phase("processing", status="error", errors=[{"code": 987654}]), "processing_failed"),
        (phase("processing", status="error", errors="odd"), "processing_failed"),
    ],
)
def test_a_fault_has_a_stable_code(status: VideoStatus, code: str) -> None:
    assert status.fault is not None
    assert status.fault.code == code


def test_a_video_kept_back_for_its_copyright_says_so() -> None:
    status = look(
        {
            "video_status": "ready",
            "publishing_phase": {"status": "error", "publish_status": "error"},
            "copyright_check_status": {"status": "complete", "matches_found": True},
        }
    )
    assert status.fault is not None
    assert status.fault.code == "copyright"
