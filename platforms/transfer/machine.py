"""The seam between a platform's upload protocol and the wire.

A machine (an `Upload`) holds all protocol knowledge and does no I/O: it says which
`Request` comes next and is told the `Answer`, or that there was none. The engine holds
all I/O and knows no protocol. So a protocol is tested with a list of answers, and a
new platform is a new machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.secrets import Secret
from domain.states import KnownBy


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Its body: `head`, `length` source bytes from `offset`, `tail`."""

    method: str
    url: Secret
    headers: Mapping[str, str] = field(repr=False)
    offset: int = 0
    length: int = 0
    head: bytes = field(default=b"", repr=False)
    tail: bytes = field(default=b"", repr=False)
    finishes: bool = False
    """True when the platform may complete the upload on this request."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The platform has every byte; `platform_id` names the video it made of them."""

    platform_id: str
    known_by: KnownBy


class Upload(Protocol):
    """The state of one upload session. Begins with a query; the platform's offset is the truth.

    Errors it raises from `receive`: `PlatformUnavailable` (call `next_request` again after
    a pause: it begins with a query), `Unconfirmed` among them (the platform has every byte
    and does not tell yet whether it made the video of them), `ReauthorizationNeeded` (401:
    get another token, then again), `QuotaExhausted`, `SessionLost`, `PlatformRefusal`. Each is
    what the answer itself says: an earlier refusal that it bears out is raised by `next_request`.
    """

    confirmed: int
    """Bytes that the platform has said it holds."""

    def next_request(self) -> Request:
        """What to send now. Fetches a current access token for it."""

    def receive(self, answer: Answer) -> Finished | None:
        """Take in the answer to the last request. None: go on with `next_request`."""

    def lost(self) -> None:
        """The last request got no answer. What comes next is a query, never a resend."""
