"""What outlives a restart of the emulator."""

from pathlib import Path

from testkit.emulator import Emulator
from tests.emulator.meta.publisher import Publisher
from tests.emulator.stranger import some_bytes


def test_finished_videos_and_open_uploads_are_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = Emulator.start(state=state)
    bakery = Publisher.of(first)
    first.switch(page_processing_seconds=0.0)
    first.fault("reels.finish", "copyright")
    started = bakery.start(2048)
    bakery.transfer_all(started, some_bytes(2048))
    bakery.finish(started, published="false", content_tags='["1"]', title="Rolls")
    reel = bakery.publish_reel()
    unfinished = bakery.start_reel()
    videos = first.videos()
    assert first.stop() == 0

    second = Emulator.start(state=state)
    try:
        again = Publisher(second, bakery.page, bakery.token)
        assert second.videos() == videos
        assert again.status(reel)["copyright_check_status"]["matches_found"] is True
        assert again.finish(started).json() == {"success": True}
        assert again.status(unfinished["video_id"])["video_status"] == "uploading"
        sessions = {session["id"]: session["state"] for session in second.state()["sessions"]}
        complete = {started["video_id"]: "complete", reel: "complete"}
        assert sessions == {**complete, unfinished["video_id"]: "open"}
        assert started["upload_session_id"] not in str(second.state())
    finally:
        assert second.stop() == 0
