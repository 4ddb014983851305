"""What clients write, read so that nothing they write is more than a refusal.

Python's own parsers raise errors of many kinds: for JSON that is nested too deeply, for numbers
of thousands of digits, for forms without a boundary or in an unknown encoding.
"""

import json
import re
from typing import Any

from aiohttp import web
from multidict import MultiDict, MultiMapping

MOST_BYTES = 16 * 1024**2
"""The largest body that is read as a whole; files are read in pieces."""

_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


def parse_json(text: str | bytes) -> Any:
    """Return what JSON says. Raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None


def whole_number(text: str) -> int:
    """Return a whole number of at most 18 digits, without a sign. Raises ValueError."""
    if not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError("That is no whole number.")
    return int(text)


async def form_of(request: web.Request) -> MultiMapping[Any]:
    """Return the form that a request brings; one that cannot be read is empty."""
    try:
        return await request.post()
    except (ValueError, LookupError):
        return MultiDict()
