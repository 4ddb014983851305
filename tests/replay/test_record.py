"""What the recording is asked for."""

import pytest

from tests.replay.outcomes import OUTCOMES
from tests.replay.record import chosen


def test_without_names_everything_is_recorded() -> None:
    assert set(chosen([])) == set(OUTCOMES)
    assert chosen(["assignment-published"]) == ["assignment-published"]


def test_a_name_that_is_no_outcome_is_told_and_nothing_is_recorded() -> None:
    with pytest.raises(SystemExit) as told:
        chosen(["assignment-published", "nonsense"])
    assert "No outcome is called nonsense." in str(told.value)
    assert "\n  assignment-published\n" in str(told.value)
