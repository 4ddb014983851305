"""Which proxy a connection takes, if any.

A proxy is always asked to CONNECT, also for plain http, so it sees host and port and no more.
Its own address is the operator's word and is not judged.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Way(StrEnum):
    """What a connection is for: each kind may have a proxy of its own."""

    PLATFORMS = "platforms"
    SOURCES = "sources"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is asked to CONNECT."""

    url: str = field(repr=False)
    """http or https, with user and password where the proxy wants them."""
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of one way. Immutable, and asked by any thread."""

    https: Proxy | None = None
    """For targets of https."""
    http: Proxy | None = None
    """For targets of plain http."""
    resolves: bool = False
    """True: names are looked up by the proxy alone, which enforces what may be reached."""

    def find(self, scheme: str, host: str, port: int) -> Proxy | None:  # noqa: ARG002
        """The proxy on the way to a host. None: it is reached directly. Pure."""
        return self.https if scheme == "https" else self.http


DIRECT = Proxies()
"""No proxy."""
