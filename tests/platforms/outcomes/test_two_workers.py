"""Two workers at one upload, as when Temporal has given up on one that goes on working."""

from threading import Thread

import pytest

from platforms.outcomes.facebook import FINISH
from platforms.outcomes.table import Call
from platforms.outcomes.youtube import LAST_CHUNK
from tests.platforms.outcomes.conftest import SetScene
from tests.platforms.outcomes.home import Failed, Process

ROUTES = {
    "youtube": (LAST_CHUNK, "video", ["chunk"] * 3, "videos.insert.transfer", 4),
    "video": (FINISH, "video", ["piece"] * 4, "page_videos.finish", 1),
    "reel": (FINISH, "reel", ["rest"], "reels.finish", 1),
}
"""What is over when only the finishing request is left, and how many of its name there may be."""


@pytest.mark.parametrize(
    ("call", "type", "before", "operation", "most"), ROUTES.values(), ids=ROUTES
)
def test_whoever_comes_second_reads_what_the_other_has_finished(
    set_scene: SetScene, call: Call, type: str, before: list[str], operation: str, most: int
) -> None:
    scene = set_scene(call, type)
    done: list[str] = []
    others: list[Failed | None] = []

    def over(name: str) -> None:
        done.append(name)
        if done[1:] == before:
            # A context of its own: the first one is in the middle of its activity.
            other = Thread(target=lambda: others.append(scene.attempt()))
            other.start()
            other.join()

    first = Process(scene.home, scene.store, over).attempt(scene.work)

    assert others == [None]
    assert first is None
    assert scene.assignment().platform_id == scene.the_video()["id"]
    assert scene.emulator.calls(operation) == most


@pytest.mark.parametrize(("call", "type"), [route[:2] for route in ROUTES.values()], ids=ROUTES)
def test_who_is_slow_to_open_his_session_does_not_replace_another_ones(
    set_scene: SetScene, call: Call, type: str
) -> None:
    """Its answer came after Temporal had given up on it, and another had begun and finished."""
    scene = set_scene(call, type)
    done: list[str] = []
    others: list[Failed | None] = []

    def over(name: str) -> None:
        done.append(name)
        if done == ["session"]:
            other = Thread(target=lambda: others.append(scene.attempt()))
            other.start()
            other.join()

    first = Process(scene.home, scene.store, over).attempt(scene.work)

    assert others == [None]
    assert first is not None
    assert first.code == "outcome_unconfirmed"
    assert scene.assignment().platform_id == scene.the_video()["id"]
