"""Whatever is lost on the way, one finish works and none comes after it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import (
    PlatformUnavailable,
)
from platforms.transfer.machine import Answer, Request
from tests.platforms.facebook.publishing.answers import (
    FINISHED_NODE,
    HTML,
    RANGE,
    SIZE,
    SUCCESS,
    TYPES,
    asked,
    failed,
    looks,
    node,
    upload,
)


class Server:
    """The other side, to the letter of the facts; finds fault with a byte out of place."""

    def __init__(self, type: str) -> None:
        self.type = type
        self.held = 0
        self.is_finished = False
        self.finishes = 0

    def take(self, request: Request) -> Answer:
        if looks(request):
            return FINISHED_NODE if self.is_finished else node(self.held)
        if request.finishes:
            assert self.held == SIZE, "a finish came before the last byte"
            assert not self.is_finished, "a finish came after one that had worked"
            self.is_finished = True
            return SUCCESS
        assert not self.is_finished, "bytes came after the finish"
        if request.offset == self.held and request.length <= RANGE + SIZE * (self.type == "reel"):
            self.held += request.length
        elif self.type == "video":
            data = {"start_offset": self.held, "end_offset": min(self.held + RANGE, SIZE)}
            return failed("6001/1363037", error_data=data)
        if self.type == "reel":
            return SUCCESS
        return asked(self.held, min(self.held + RANGE, SIZE))


@settings(deadline=None)
@given(
    type=st.sampled_from(TYPES),
    start=st.sampled_from(["fresh", "resumed", "finish sent"]),
    mishaps=st.lists(
        st.sampled_from(
            ["none", "none", "before", "after", "2", "1363037", "506 after", "html after", "cut"]
        ),
        max_size=40,
    ),
)
def test_whatever_gets_lost_there_is_one_finish_that_works(
    type: str, start: str, mishaps: list[str]
) -> None:
    server = Server(type)
    machine = upload(type, fresh=start == "fresh", finish_sent=start == "finish sent")
    for mishap in [*mishaps, *["none"] * 20]:
        request = machine.next_request()
        before, _, after = mishap.partition(" ")
        if mishap == "cut" and type == "reel" and request.length and request.offset == server.held:
            server.held += request.length // 2
        if mishap in ("before", "cut"):
            machine.lost()
            continue
        if before.isdigit() and not after:
            answer = failed("2")
        else:
            answer = server.take(request)
            if mishap == "after":
                machine.lost()
                continue
            if after and request.finishes:
                answer = HTML if before == "html" else failed("506")
        try:
            finished = machine.receive(answer)
        except PlatformUnavailable:
            continue
        if finished:
            assert server.is_finished
            assert finished.platform_id == "42"
            return
    pytest.fail("the upload never finished")
