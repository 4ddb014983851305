"""The page of outcomes is what the tables say."""

from pathlib import Path

from platforms.outcomes.page import ROWS, render

PAGE = Path(__file__).parents[2] / "docs" / "outcomes.md"


def test_the_page_is_printed_from_the_tables() -> None:
    assert PAGE.read_text() == render(ROWS), "python -m platforms.outcomes > docs/outcomes.md"
