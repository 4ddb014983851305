import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.texts import TextRule, Unit

LINE = TextRule(10, excluded="<>", may_be_blank=False)
LINES = TextRule(10, Unit.BYTES, has_lines=True)


@pytest.mark.parametrize("text", ["a", "x" * 10, "\N{GRINNING FACE}" * 5, "a b", "\u200ba"])
def test_a_text_that_fits_is_right(text: str) -> None:
    assert LINE.faults(text) == []


@pytest.mark.parametrize("text", ["", "a\nb", "a\r\n\tb", "é" * 5, "<b>", "a\u2028b"])
def test_line_breaks_are_text_where_the_platform_keeps_them(text: str) -> None:
    assert LINES.faults(text) == []


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (5, "text"),
        (None, "text"),
        ("", "empty"),
        (" \u2003", "empty"),
        ("x" * 11, "10 characters"),
        ("\N{GRINNING FACE}" * 5 + "x", "10 characters"),
        ("<b", "< or >"),
        ("a\nb", "control"),
        ("a\x85b", "control"),
        ("a\u2029b", "control"),
        ("a\x00b", "control"),
        ("\ud83d", "no text"),
    ],
)
def test_what_does_not_fit_is_named(value: object, word: str) -> None:
    (sentence,) = LINE.faults(value)
    assert word in sentence


@pytest.mark.parametrize("text", ["a\x0bb", "a\x1b[0m", "a\x7fb", "\x85"])
def test_other_control_characters_are_refused_everywhere(text: str) -> None:
    (sentence,) = LINES.faults(text)
    assert "control" in sentence


def test_everything_that_is_wrong_is_named_at_once() -> None:
    assert len(LINE.faults("<\x07\ud800" + "x" * 10)) == 4


@given(st.text(st.characters(), max_size=12))
def test_no_text_fits_by_its_code_points_alone(text: str) -> None:
    for unit in Unit:
        assert unit.measure(text) >= len(text)
    assert LINES.faults(text) or len(text.encode()) <= 10
