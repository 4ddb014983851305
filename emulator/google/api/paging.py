"""Lists page by page. A token says where its page begins, and is only good for that."""

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from emulator.google import errors
from emulator.google.api.arguments import Arguments

_Row = TypeVar("_Row")


def page(
    rows: Sequence[_Row], arguments: Arguments, *, by_id: bool = False
) -> tuple[list[_Row], dict[str, Any]]:
    """Return the rows of the page asked for, and what its answer says about pages.

    A list by ids is answered as a whole where the request does not say how much of it.
    """
    size = arguments.number("maxResults")
    if by_id and "maxResults" not in arguments.given:
        size = max(size, len(rows))
    start = _start_of(arguments.text("pageToken"))
    about: dict[str, Any] = {}
    if size and start + size < len(rows):
        about["nextPageToken"] = _token(start + size)
    if start:
        about["prevPageToken"] = _token(max(0, start - size))
    about["pageInfo"] = {"totalResults": len(rows), "resultsPerPage": size}
    return list(rows[start : start + size]), about


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"page:{start}".encode()).decode().rstrip("=")


def _start_of(token: str | None) -> int:
    if not token:
        return 0
    try:
        word, _, start = base64.urlsafe_b64decode(token + "==").decode().partition(":")
        if word == "page" and int(start) >= 0:
            return int(start)
    except ValueError:
        pass
    raise errors.bad_request(
        "invalidPageToken", "The request specifies an invalid page token.", location="pageToken"
    )
