"""Foreign text made safe to show: on a terminal, in a log, and as the name of a file.

Titles, file names and the platforms' own sentences may hold characters that a terminal obeys, that
end a line, that turn the direction of reading around, or that cannot be seen. They are shown as
escapes. What the API answers is exact; only what is printed goes through here. Pure.
"""

import unicodedata

_LINE_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_UNSEEN = frozenset({"Cf", "Cs"})
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""They look like nothing although Unicode calls them letters and marks."""
_IN_CONTEXT = frozenset("\u061c\u200c\u200d\u200e\u200f")
"""Joiners and direction marks: Persian, Hindi, Hebrew and emoji need them, ASCII does not."""
_UNDECODED = range(0xDC80, 0xDD00)
"""How Python holds a byte that is no text in the encoding of file names."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """The text as one line that steers no terminal, an escape character as `\\x1b`.

    A joiner or direction mark stays between characters beyond ASCII. A byte of a file name that is
    no text is shown as `\\xe9`. A backslash stays as it is, so the result is for reading only.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if _misleads(text, at) else character
        for at, character in enumerate(text)
    )


def escape_lines(text: str) -> list[str]:
    """The lines of a text of several lines, each safe to print."""
    return [escape(line) for line in text.split("\n")]


def is_control(character: str) -> bool:
    """True for a control character, and for one that ends a line."""
    return unicodedata.category(character) in _LINE_CONTROLS


def readable_name(name: str) -> str:
    """A file's name as one line of valid text.

    U+FFFD stands for each byte that is no text, and `_` for each control character. Two names may
    become the same: a file is found by its path and never by this.
    """
    try:
        raw = name.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        raw = name.encode(errors="replace")
    text = raw.decode(errors="replace")
    return "".join("_" if is_control(character) else character for character in text)


def _misleads(text: str, at: int) -> bool:
    character = text[at]
    if character.isascii():
        return not character.isprintable()
    if character in _IN_CONTEXT:
        beside = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
        return not any(not one.isascii() and one not in _IN_CONTEXT for one in beside)
    category = unicodedata.category(character)
    return category in _UNSEEN or category in _LINE_CONTROLS or character in _BLANK_LETTERS


def _escaped(character: str) -> str:
    code = ord(character)
    if code in _UNDECODED:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return _SHORT.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
