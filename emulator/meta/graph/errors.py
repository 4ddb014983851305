"""Meta's errors, in the shapes Meta sends them.

One exception for the Graph API and one for the upload host, whose errors look different;
`graph_error` makes the first from a row of `catalog` (facts: Facebook sections 1.4 and 4).
Whoever raises one need not think of status, wording or headers.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from emulator.meta.graph.catalog import CATALOG, Row


class GraphError(Exception):
    """An answer that is an error; raised anywhere, sent by `answer`.

    `error_data` is always an object, because Meta's own uploader indexes it.
    """

    def __init__(
        self,
        status: int,
        code: int,
        subcode: int | None,
        message: str,
        *,
        type: str = "OAuthException",
        is_transient: bool = False,
        error_data: Mapping[str, Any] | None = None,
        user_title: str | None = None,
        user_msg: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.subcode = subcode
        self.message = message
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"message": message, "type": type, "code": code}
        if error_data:
            self.body["error_data"] = dict(error_data)
        if subcode is not None:
            self.body["error_subcode"] = subcode
        self.body["is_transient"] = is_transient
        if user_title:
            self.body["error_user_title"] = user_title
        if user_msg:
            self.body["error_user_msg"] = user_msg

    @property
    def _word(self) -> str:
        if self.subcode in _CODE_REFUSED:
            return "invalid_code"
        return "invalid_token" if self.code == 190 else "invalid_request"

    def answer(self) -> web.Response:
        """Return the error in the envelope of the Graph API."""
        trace = "A" + secrets.token_urlsafe(17)
        challenge = {}
        if self.body["type"] == "OAuthException":
            challenge["WWW-Authenticate"] = (
                f'OAuth "Facebook Platform" "{self._word}" "{_quotable(self.message)}"'
            )
        return json_answer(
            {"error": {**self.body, "fbtrace_id": trace}},
            status=self.status,
            headers={**challenge, **self.headers},
        )


class UploadError(Exception):
    """A refusal of the upload host: another envelope, another vocabulary."""

    def __init__(self, status: int, type: str, message: str, *, retriable: bool) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"retriable": retriable, "type": type, "message": message}

    def answer(self) -> web.Response:
        """Return the error as the upload host sends it."""
        return json_answer({"debug_info": self.body}, status=self.status)


def json_answer(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer as the Graph API does: on one line, with the slashes escaped."""
    return web.Response(
        status=status,
        text=json.dumps(content, separators=(",", ":")).replace("/", "\\/"),
        content_type="application/json",
        charset="UTF-8",
        headers={"Cache-Control": "private, no-cache, no-store", **(headers or {})},
    )


def graph_error(reason: str, message: str | None = None, **error_data: Any) -> GraphError:
    """Return the error that a code, `code/subcode` or subcode stands for.

    A number that the table does not have takes the words of its code; what is no number
    at all is the unknown error.
    """
    key = next((key for key in (reason, *_ending(reason)) if key in CATALOG), reason)
    if not key.replace("/", "", 1).isdecimal():
        key = "1"
    code, _, subcode = key.partition("/")
    row = CATALOG.get(key) or CATALOG.get(code) or Row(f"(#{code}) Permissions error", 403)
    return GraphError(
        row.status,
        int(code),
        int(subcode) if subcode else None,
        message or row.message,
        type=row.type,
        is_transient=row.transient,
        error_data=error_data or None,
    )


def missing_parameter(name: str) -> GraphError:
    """A parameter that must be there is not."""
    return graph_error("100", f"(#100) The parameter {name} is required")


def no_such_object(node: str, verb: str = "get") -> GraphError:
    """No such object, or none that this token may see; without a node, no such request."""
    if not node:
        message = f"Unsupported {verb} request. {_READ}"
        return GraphError(400, 100, None, message, type="GraphMethodException")
    return graph_error(
        "100/33",
        f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded "
        f"due to missing permissions, or does not support this operation. {_READ}",
    )


def no_such_field(name: str, kind: str) -> GraphError:
    """A field was asked for that the node does not have: the whole call fails."""
    return graph_error(
        "100", f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
    )


_READ = "Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
_CODE_REFUSED = frozenset({36007, 36008, 36009})


def _quotable(message: str) -> str:
    # The message may repeat what the client sent, which a header may not.
    return "".join(c for c in message if c.isascii() and c.isprintable()).replace('"', "'")


def _ending(subcode: str) -> list[str]:
    return [key for key in CATALOG if key.endswith(f"/{subcode}")]
