"""Which proxy a connection takes."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is asked to CONNECT. Its address is the operator's word and is not judged."""

    url: str = field(repr=False)
    """http or https, with user and password where the proxy wants them."""
    host: str
    port: int
