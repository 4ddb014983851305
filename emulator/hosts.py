"""The platforms' real names, under which a request may come when a machine sends them here."""

from collections.abc import Iterable

from aiohttp import web


def host_of(request: web.Request) -> str:
    """Return the name the client used, without its port."""
    name, _, port = request.host.rpartition(":")
    return (name if port.isdecimal() and name else request.host).strip("[]").lower()


def port_of(request: web.Request) -> str:
    """Return the port the client named with its colon, or nothing."""
    _, colon, port = request.host.rpartition(":")
    return colon + port if port.isdecimal() else ""


def is_below(host: str, domains: Iterable[str]) -> bool:
    """Tell whether a name is one of some domains, or below one."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
