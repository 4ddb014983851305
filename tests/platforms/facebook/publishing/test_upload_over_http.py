"""Both routes over a real connection: whatever is cut, lost or refused, there is one video."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import (
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    ReauthorizationNeeded,
)
from domain.states import KnownBy
from platforms.facebook.publishing.upload import PAUSES
from platforms.transfer.engine import SETBACKS
from testkit.emulator import Emulator
from tests.platforms.facebook.conftest import CHUNK
from tests.platforms.facebook.publishing.conftest import SIZE, Killed, Send, Sender

LOOKED = list(PAUSES)
"""The pauses of a finish that is looked for and not found."""


def killed() -> None:
    raise Killed


def test_bytes_are_sent_and_the_finish_is_answered(sender: Sender) -> None:
    finished = sender.run(fresh=True)
    video = sender.the_one_video()
    assert (finished.platform_id, finished.known_by) == (video["id"], KnownBy.ANSWER)
    assert (video["title"], video["published"]) == ("Sourdough", True)
    assert (sender.pauses, sender.intents) == ([], 1)
    assert sender.emulator.calls("video.get") == 0


def test_a_video_goes_in_the_ranges_that_facebook_asks_for(sending: Send) -> None:
    sender = sending("video")
    sender.run(fresh=True)
    assert sender.calls("transfer") == 4


def test_a_larger_range_is_filled_in_one_request(emulator: Emulator, sending: Send) -> None:
    emulator.switch(range_bytes=3 * CHUNK)
    sender = sending("video")
    sender.run(fresh=True)
    assert sender.calls("transfer") == 2


def test_a_reel_goes_in_one_piece(sending: Send) -> None:
    sender = sending("reel")
    sender.run(fresh=True)
    assert sender.calls("transfer") == 1


@pytest.mark.parametrize(
    ("skip", "after_bytes"), [(0, 0), (0, 1), (1, CHUNK - 1), (1, CHUNK), (2, 7), (3, 999)]
)
def test_a_chunked_upload_killed_anywhere_goes_on(
    sending: Send, skip: int, after_bytes: int
) -> None:
    sender = sending("video")
    sender.fault("transfer", "cut", skip=skip, after_bytes=after_bytes)
    with pytest.raises(Killed):
        sender.run(fresh=True, on_pause=killed)
    assert sender.run().known_by is KnownBy.ANSWER
    sender.the_one_video()
    assert sender.calls("transfer") == 5, "the chunk that broke off was sent again, no other"


@pytest.mark.parametrize("after_bytes", [0, 1, CHUNK, 2 * CHUNK + 5, SIZE - 1, SIZE])
def test_a_reel_killed_anywhere_goes_on_from_where_it_broke(
    sending: Send, after_bytes: int
) -> None:
    sender = sending("reel")
    sender.fault("transfer", "cut", after_bytes=after_bytes)
    with pytest.raises(Killed):
        sender.run(fresh=True, on_pause=killed)
    assert sender.run().known_by is KnownBy.ANSWER
    sender.the_one_video()
    session = next(s for s in sender.emulator.state()["sessions"] if s["kind"] == "reel")
    assert session["received"] == SIZE, "no byte came twice"


def test_a_connection_cut_in_mid_chunk_is_resumed_at_once(sender: Sender) -> None:
    sender.fault("transfer", "cut", after_bytes=1000)
    sender.run(fresh=True)
    sender.the_one_video()
    assert len(sender.pauses) == 1


def test_a_process_killed_when_it_was_about_to_finish_finishes_after_looks(sender: Sender) -> None:
    with pytest.raises(Killed):
        sender.run(fresh=True, on_finish=killed)
    assert sender.calls("finish") == 0
    assert sender.run().known_by is KnownBy.ANSWER
    sender.the_one_video()
    assert sender.pauses == LOOKED


def test_a_process_killed_after_the_finish_reads_it_back(sender: Sender) -> None:
    sender.fault("finish", "lose_answer")
    with pytest.raises(Killed):
        sender.run(fresh=True, on_pause=killed)
    assert sender.run().known_by is KnownBy.READ_BACK
    sender.the_one_video()
    assert sender.calls("finish") == 1


@pytest.mark.parametrize("kind", ["lose_answer", "lose_answer_live"])
def test_a_lost_finish_answer_is_read_back(sender: Sender, kind: str) -> None:
    sender.emulator.switch(page_processing_seconds=60)
    sender.fault("finish", kind)
    finished = sender.run(fresh=True)
    assert finished.known_by is KnownBy.READ_BACK
    assert finished.platform_id == sender.the_one_video()["id"]
    assert sender.calls("finish") == 1


@pytest.mark.parametrize("reason", ["1", "506", "4/2207051", "1363011", "10"])
def test_an_error_after_the_finish_worked_is_not_believed(sender: Sender, reason: str) -> None:
    sender.fault("finish", "graph_error_after", reason=reason)
    assert sender.run(fresh=True).known_by is KnownBy.READ_BACK
    sender.the_one_video()
    assert sender.calls("finish") == 1


def test_a_finish_that_never_arrived_is_sent_again_after_looks(sender: Sender) -> None:
    sender.fault("finish", "cut")
    assert sender.run(fresh=True).known_by is KnownBy.ANSWER
    sender.the_one_video()
    assert sender.calls("finish") == 2
    assert sender.emulator.calls("video.get") == len(PAUSES) + 1
    assert sender.pauses[1:] == LOOKED


@pytest.mark.parametrize("reason", ["1", "1363011"])
def test_a_finish_met_by_a_blip_is_sent_again_after_looks(sender: Sender, reason: str) -> None:
    sender.fault("finish", "graph_error", reason=reason)
    assert sender.run(fresh=True).known_by is KnownBy.ANSWER
    sender.the_one_video()
    assert (sender.calls("finish"), sender.pauses) == (2, LOOKED)


def test_a_page_of_html_for_an_answer_proves_nothing(sender: Sender) -> None:
    sender.fault("finish", "status", status=502, html=True)
    assert sender.run(fresh=True).known_by is KnownBy.ANSWER
    sender.the_one_video()
    assert (sender.calls("finish"), sender.pauses) == (2, LOOKED)


@pytest.mark.parametrize("reason", ["506", "1404082"])
def test_a_refused_finish_is_believed_when_nothing_shows_for_seconds(
    sender: Sender, reason: str
) -> None:
    sender.fault("finish", "graph_error", reason=reason)
    with pytest.raises(PlatformRefusal):
        sender.run(fresh=True)
    assert (sender.calls("finish"), sender.videos()) == (1, 0)
    assert sender.pauses == LOOKED


def test_a_finish_refused_for_a_page_that_is_blocked_waits_for_a_person(sender: Sender) -> None:
    sender.fault("finish", "graph_error", reason="368/4854002")
    with pytest.raises(ReauthorizationNeeded) as caught:
        sender.run(fresh=True)
    assert (caught.value.code, sender.pauses) == ("identity_check", [])
    assert sender.run().known_by is KnownBy.ANSWER
    sender.the_one_video()


def test_a_throttled_finish_is_looked_for_once_and_waits(sender: Sender) -> None:
    sender.fault("finish", "graph_error", reason="32", retry_after=7)
    with pytest.raises(QuotaExhausted) as caught:
        sender.run(fresh=True)
    assert caught.value.code == "rate_limited"
    assert sender.emulator.calls("video.get") == 1
    assert sender.run().known_by is KnownBy.ANSWER
    sender.the_one_video()
    assert sender.calls("finish") == 2


def test_nothing_is_asked_while_the_pages_calls_are_used_up(sending: Send) -> None:
    sender = sending("video")
    sender.fault("transfer", "graph_error", reason="80001", retry_after=7)
    for fresh in (True, False):
        with pytest.raises(QuotaExhausted):
            sender.run(fresh=fresh)
    assert (sender.calls("transfer"), sender.emulator.calls("video.get")) == (1, 0)


def test_a_full_usage_header_stops_the_next_piece(sending: Send) -> None:
    sender = sending("video")
    sender.emulator.switch(page_calls_per_day=sender.emulator.calls("page_videos.start") + 1)
    with pytest.raises(QuotaExhausted):
        sender.run(fresh=True)
    assert sender.calls("transfer") <= 1


def test_another_offset_than_ours_is_obeyed(sending: Send) -> None:
    sender = sending("video")
    sender.fault("transfer", "graph_error", reason="6001/1363037", skip=1)
    sender.run(fresh=True)
    sender.the_one_video()
    assert sender.calls("transfer") == 5
    assert sender.emulator.calls("video.get") == 0


def test_an_offset_that_never_advances_ends_the_run(sending: Send) -> None:
    sender = sending("video")
    fault = sender.fault("transfer", "offset_loop", times=None)
    with pytest.raises(PlatformUnavailable) as caught:
        sender.run(fresh=True)
    assert caught.value.code == "platform_stalled"
    assert sender.emulator.fired(fault) == SETBACKS + 1


def test_a_platform_that_keeps_nothing_gets_it_again(sender: Sender) -> None:
    sender.fault("transfer", "stall")
    sender.run(fresh=True)
    sender.the_one_video()


@pytest.mark.parametrize("reason", ["1363019", "2"])
def test_a_chunk_that_facebook_wants_again_is_sent_again(sending: Send, reason: str) -> None:
    sender = sending("video")
    sender.fault("transfer", "graph_error", reason=reason, skip=1)
    sender.run(fresh=True)
    sender.the_one_video()


@pytest.mark.parametrize(
    "reason", ["OffsetInvalidError", "PartialRequestError", "ProcessingFailedError"]
)
def test_an_upload_host_that_stumbles_is_asked_how_much_it_has(sending: Send, reason: str) -> None:
    sender = sending("reel")
    sender.fault("transfer", "upload_error", reason=reason)
    sender.run(fresh=True)
    sender.the_one_video()
    assert sender.emulator.calls("video.get") == 1


def test_a_dead_token_at_the_upload_host_is_known_by_the_graph_api(sending: Send) -> None:
    sender = sending("reel")
    sender.emulator.account("ana@example.test", platform="facebook", password_changed=True)
    with pytest.raises(ReauthorizationNeeded) as caught:
        sender.run(fresh=True)
    assert caught.value.code == "password_changed"


@pytest.mark.parametrize("type", ["video", "reel"])
def test_what_is_not_asked_to_be_public_is_a_draft(sending: Send, type: str) -> None:
    sender = sending(type, privacy="private")
    sender.run(fresh=True)
    video = sender.the_one_video()
    assert (video["published"], video["publish_status"]) == (False, "draft")


@pytest.mark.parametrize("type", ["video", "reel"])
def test_a_time_of_publication_is_kept_by_facebook(sending: Send, type: str) -> None:
    moment = datetime.now(UTC) + timedelta(days=2)
    sender = sending(type, privacy="private", publishAt=moment.isoformat())
    sender.run(fresh=True)
    video = sender.the_one_video()
    assert video["publish_status"] == "scheduled"
    assert video["scheduled_publish_time"] == int(moment.timestamp())


@pytest.mark.parametrize("type", ["video", "reel"])
@pytest.mark.parametrize(("privacy", "status"), [("private", "draft"), ("public", "published")])
def test_a_time_that_has_passed_is_not_sent(
    sending: Send, type: str, privacy: str, status: str
) -> None:
    passed = (datetime.now(UTC) + timedelta(minutes=9)).isoformat()
    sender = sending(type, privacy="private", publishAt=passed, ifPublishAtPassed=privacy)
    sender.run(fresh=True)
    video = sender.the_one_video()
    assert (video["publish_status"], video["scheduled_publish_time"]) == (status, None)


def test_what_a_payload_says_reaches_facebook(sending: Send) -> None:
    sender = sending(
        "video",
        description="Flour, water, salt.",
        contentTags=["6003107902433"],
        targeting={"geo_locations": {"countries": ["AT"]}},
        isAiGenerated=True,
    )
    sender.run(fresh=True)
    video = sender.the_one_video()
    assert video["description"] == "Flour, water, salt."
    assert video["content_tags"] == ["6003107902433"]
    assert video["targeting"] == {"geo_locations": {"countries": ["AT"]}}
    assert video["is_ai_generated"] is True
