"""The page of consents has every code of the closed list, as the table has it."""

from pathlib import Path

from domain.consents import sentence_of
from domain.explanations import EXPLANATIONS, ErrorDetail
from platforms.facebook.consent import WORDS as META
from platforms.youtube.consent import WORDS as GOOGLE

PAGE = Path(__file__).parents[2] / "docs" / "consents.md"


def rows() -> str:
    """The table of the page."""
    lines = ["| `errorDetail` | what the person reads | `remedy` | what the operator checks |"]
    lines.append("|---|---|---|---|")
    for detail in ErrorDetail:
        explained = EXPLANATIONS[detail]
        lines.append(
            f"| `{detail}` | {sentence_of(detail)} | `{explained.remedy}` "
            f"| {explained.check or ''} |".replace("  |", " |")
        )
    return "\n".join(lines) + "\n"


def words() -> str:
    """The table of the platforms' words that are not the code itself."""
    lines = ["| platform | its word | `errorDetail` |", "|---|---|---|"]
    for name, table in (("Google", GOOGLE), ("Meta", META)):
        lines += [f"| {name} | `{word}` | `{to}` |" for word, to in table.items() if word != to]
    return "\n".join(lines) + "\n"


def test_the_page_has_both_tables() -> None:
    page = PAGE.read_text()
    assert rows() in page, rows()
    assert words() in page, words()
