"""How URLs write a host and a port."""

from collections.abc import Mapping

DEFAULT_PORTS: Mapping[str, int] = {"https": 443, "http": 80}
"""By scheme: the port of a URL that names none."""


def bracketed(host: str) -> str:
    """A host as it stands before a port: an IPv6 address is put into brackets. Pure."""
    return f"[{host}]" if ":" in host else host
