"""Listening on a host and port of the settings, with a sentence where that cannot be."""

import errno
import socket

from domain.errors import CastlineError, Conflict

_BACKLOG = 2048


def listen(
    host: str, port: int, *, owner: str, setting: str, host_setting: str = "CASTLINE_HOST"
) -> list[socket.socket]:
    """Sockets that listen on every address of the host; an empty host is every interface.

    `owner` is who wants it, `setting` another port in the words of the settings, and
    `host_setting` what names the host. Raises `Conflict` (code `port_taken`), and `CastlineError`
    (code `address_unusable`).
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError):
        raise _unusable(_no_host(host, owner, host_setting)) from None
    sockets: list[socket.socket] = []
    for family, _, _, _, address in found:
        try:
            sockets.append(socket.create_server(address, family=family, backlog=_BACKLOG))
        except OSError as error:
            # `localhost` may have an address of a family that this machine does not use.
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                _close(sockets)
                raise _why(error, host, port, owner, setting) from None
    if not sockets:
        raise _unusable(_no_host(host, owner, host_setting))
    return sockets


def refuse_taken(
    host: str, port: int, *, owner: str, setting: str, host_setting: str = "CASTLINE_HOST"
) -> None:
    """Raise what `listen` would."""
    _close(listen(host, port, owner=owner, setting=setting, host_setting=host_setting))


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _why(error: OSError, host: str, port: int, owner: str, setting: str) -> CastlineError:
    match error.errno:
        case errno.EADDRINUSE:
            return Conflict(
                "port_taken",
                f"Port {port} of {owner} is taken by another program. Stop that one, or choose "
                f"another port: {setting}",
            )
        case errno.EACCES:
            return _unusable(
                f"Port {port} of {owner} may only be used by root. Choose one above 1023: {setting}"
            )
    return _unusable(f"{owner} cannot listen on {host}:{port}: {error.strerror}.")


def _no_host(host: str, owner: str, host_setting: str) -> str:
    return (
        f"{host_setting}={host}, where {owner} is to listen, is not an address of this machine. "
        "Name one of its own, or 0.0.0.0 for all of them."
    )


def _unusable(sentence: str) -> CastlineError:
    return CastlineError("address_unusable", sentence)
