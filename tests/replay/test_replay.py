"""Running work survives upgrades: what was recorded replays with today's workflows."""

from pathlib import Path

import pytest

from runtime.worker import WORKFLOWS
from tests.replay.outcomes import STATES
from tests.replay.reading import RECORDED, history, replayer, states


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_history_is_of_the_outcome_it_is_named_after(path: Path) -> None:
    assert states(path) == STATES[path.stem]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer(WORKFLOWS).replay_workflow(history(path))
