"""What of several forms of an answer a client likes best, by its `Accept`."""

from collections.abc import Iterable, Sequence

_SPECIFIC = ("{type}/{subtype}", "{type}/*", "*/*")


def best_of(offered: Sequence[str], accept: Iterable[str]) -> str:
    """The media type that is liked best; of equals, and where none is liked, the first.

    `accept` is the header's lines. What cannot be read of them says nothing. Pure.
    """
    liked = dict(_range(part) for line in accept for part in line.lower().split(","))

    def quality(media_type: str) -> float:
        type, _, subtype = media_type.partition("/")
        ranges = (pattern.format(type=type, subtype=subtype) for pattern in _SPECIFIC)
        return next((liked[one] for one in ranges if one in liked), 0.0)

    return max(offered, key=quality)


def _range(part: str) -> tuple[str, float]:
    """A range of media types, and how much it is liked."""
    name, *parameters = (piece.strip() for piece in part.split(";"))
    weights = [value for key, _, value in (p.partition("=") for p in parameters) if key == "q"]
    try:
        return name, float(weights[0]) if weights else 1.0
    except ValueError:
        return name, 0.0
