"""What a client says about a video, checked and kept as it was said.

Tags of content are a list of numeric ids, targeting an object, the rest text or a truth
value (facts: Facebook section 2, parameters of /videos). What is not listed here is
ignored, as the platform ignores what it does not know.
"""

from collections.abc import Callable
from typing import Any

from emulator.meta.graph.errors import graph_error
from emulator.meta.graph.params import Params

MOST_TITLE = 254
_LISTS = ("content_tags", "custom_labels")
_OBJECTS = ("targeting", "feed_targeting", "expiration", "backdated_post")
_FLAGS = ("is_ai_generated", "embeddable", "no_story", "secret")
_TEXTS = ("content_category", "place", "sponsor_id", "universal_video_id")


def details_of(params: Params) -> dict[str, Any]:
    """Return what was said beside title and description; refuse what makes no sense."""
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
    if title is not None and len(title) > MOST_TITLE:
        raise graph_error("100", "(#100) The title of the video is too long.")
    return title


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
