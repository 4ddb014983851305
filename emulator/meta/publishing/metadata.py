"""What a client says about a video, checked and kept as it was said.

Tags of content are a list of numeric ids, targeting an object, the rest text or a truth
value (facts: Facebook section 2, parameters of /videos). What is not listed here is
ignored, as the platform ignores what it does not know. The characters of a title (section 2) and
of a post's text (63,206 at most) are counted as UTF-16 units, and control characters are refused.
"""

import re
from collections.abc import Callable
from typing import Any

from emulator.meta.graph.errors import graph_error
from emulator.meta.graph.params import Params

MOST_TITLE = 254
MOST_TEXT = 63_206
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROLS_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LISTS = ("content_tags", "custom_labels")
_OBJECTS = ("targeting", "feed_targeting", "expiration", "backdated_post")
_FLAGS = ("is_ai_generated", "embeddable", "no_story", "secret")
_TEXTS = ("content_category", "place", "sponsor_id", "universal_video_id")


def details_of(params: Params) -> dict[str, Any]:
    """Return what was said beside title and description; refuse what makes no sense."""
    _check_text("description", params.text("description") or "", MOST_TEXT, _CONTROLS_BUT_LINES)
    said: dict[str, Any] = {}
    readers: tuple[tuple[tuple[str, ...], Callable[[str], Any]], ...] = (
        (_LISTS, lambda name: _list(params, name)),
        (_OBJECTS, lambda name: _object(params, name)),
        (_FLAGS, params.flag),
        (_TEXTS, params.text),
    )
    for names, read in readers:
        for name in names:
            value = read(name)
            if value is not None:
                said[name] = value
    return said


def title_of(params: Params) -> str | None:
    """Return the title, if one is given; videos that are read back call it `title` too."""
    title = params.text("title") or params.text("name")
    if title is not None:
        _check_text("title", title, MOST_TITLE, _CONTROLS)
    return title


def _check_text(name: str, text: str, most: int, refused: re.Pattern[str]) -> None:
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > most:
        raise graph_error("100", f"(#100) Param {name} is too long.")
    if refused.search(text):
        raise graph_error("100", f"(#100) Param {name} must be valid text.")


def _list(params: Params, name: str) -> list[str] | None:
    value = params.json(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise graph_error("100", f"(#100) Param {name} must be an array.")
    texts = [str(item) for item in value]
    if name == "content_tags" and not all(text.isdecimal() for text in texts):
        raise graph_error("100", f"(#100) Param {name} must be an array of numeric ids.")
    return texts


def _object(params: Params, name: str) -> dict[str, Any] | None:
    value = params.json(name)
    if value is not None and not isinstance(value, dict):
        raise graph_error("100", f"(#100) Param {name} must be a JSON object.")
    return value
