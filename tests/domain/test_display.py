"""What others wrote neither steers a terminal nor ends a line, and stays readable."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.display import escape, escape_lines, readable_name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07\x1b[2J", r"\x1b]0;owned\x07\x1b[2J"),
        ("\x9b2J\x7f\x00", r"\x9b2J\x7f\x00"),
        ("one\r\ntwo\tthree\u2028four\x85five", r"one\r\ntwo\tthree\u2028four\x85five"),
        ("gpj\u202e4pm.exe", r"gpj\u202e4pm.exe"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("pay\u200bpal \ufeff\u2060\u00ad", r"pay\u200bpal \ufeff\u2060\xad"),
        ("asg\u200d_1 a\u200f\u200fb", r"asg\u200d_1 a\u200f\u200fb"),
        ("flag\U000e0067", r"flag\U000e0067"),
        ("a\u3164b", r"a\u3164b"),
        ("caf\udce9.mp4 \ud800", r"caf\xe9.mp4 \ud800"),
    ],
    ids=[
        "escape sequences",
        "C1 and DEL",
        "line ends",
        "direction override",
        "isolates",
        "zero width",
        "joiners between ASCII",
        "tags",
        "blank letter",
        "undecoded bytes",
    ],
)
def test_what_steers_or_misleads_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    "text",
    ["Brot für 2 €", "見た", "👩‍🍳 👍🏽", "می‌خواهم", "שלום\u200f!", "क्‍ष", "back\\slash", ""],
)
def test_what_people_write_stays(text: str) -> None:
    assert escape(text) == text


def test_lines_stay_lines() -> None:
    assert escape_lines("first\n  second\x1b") == ["first", r"  second\x1b"]


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    shown = escape(text)
    assert "\n" not in shown
    assert not {unicodedata.category(one) for one in shown} & {"Cc", "Zl", "Zp", "Cs"}
    assert not set(shown) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff"
    )


def test_a_name_is_valid_text_of_one_line() -> None:
    assert readable_name("caf\udce9\n\x1b.mp4") == "caf\ufffd__.mp4"
    assert readable_name("\udcc3\udca9t\udcc3\udca9.mp4") == "été.mp4"
    assert readable_name("\ud800.mp4") == "?.mp4"
    assert readable_name("a b%#?.mp4") == "a b%#?.mp4"
