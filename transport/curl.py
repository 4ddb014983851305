"""One HTTP exchange at a time through libcurl, moved on by the caller's own thread.

libcurl connects, encrypts and speaks HTTP/1.1. What it would decide by itself is decided by the
caller: which addresses a host has, whether there is a proxy, and that a request goes out once.
It follows no redirect, and reads neither environment nor files but the authorities.

Every wait is a call of `Handle.step`, which returns within the time that it is given, whatever the
network does. So a caller beats, stops, and holds its own deadlines. (libcurl's progress callback
would not do: it is not called while a connection is made or encrypted.)
"""

import math
import re
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from socket import socket
from typing import Any

import pycurl

from transport.hosts import bracketed
from transport.names import is_literal
from transport.proxies import Proxy
from transport.trust import find_authorities

CONNECT_SECONDS = 10.0
USER_AGENT = "Castline/1"
"""Some origins refuse a request without one; libcurl's own would list the versions of its parts."""
RECEIVE_BYTES = 64 * 1024
"""Handed over at a time, at most."""

Read = Callable[[int], memoryview | bytes]
Write = Callable[[memoryview | bytes], bool]

_EVENTS = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}
_UNTRUSTED = {
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CACERT_BADFILE,
    pycurl.E_SSL_ISSUER_ERROR,
}
_BODILESS = {204, 304}
_LENGTH = re.compile(r"[0-9]{1,18}")


class Failure(StrEnum):
    """Why an exchange has no answer."""

    UNCONNECTED = "unconnected"
    REFUSED_BY_PROXY = "refused_by_proxy"
    """It refuses, or does not get to the host either: `Handle.proxy_status` says which."""
    PROXY_UNTRUSTED = "proxy_untrusted"
    UNTRUSTED = "untrusted"
    """The certificate of the host is not signed by a trusted authority."""
    CUT = "cut"
    """The connection ended, or what came was no HTTP."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and how its host is reached."""

    method: str
    url: str = field(repr=False)
    """Of http or https, in ASCII, without user, password and fragment."""
    host: str
    """As in `url`, without brackets."""
    port: int
    addresses: Sequence[str]
    """IP addresses, of which one is connected to: of `host`, or of the proxy where there is one."""
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    length: int | None = None
    """Bytes of the body. None: it has none."""
    connect_seconds: float = CONNECT_SECONDS
    """For TCP, a proxy's CONNECT and TLS together."""
    proxy: Proxy | None = None
    tunnel_to: str | None = None
    """The IP address of `host` that the proxy is asked for. None: it looks the name up."""


class Head:
    """Status and headers of an answer, taken in line by line."""

    def __init__(self) -> None:
        self.status = 0
        """0 as long as there is no answer."""
        self._is_whole = False
        self._headers: list[tuple[str, str]] = []

    @property
    def is_final(self) -> bool:
        """True once the whole of it is there, and it is no interim one."""
        return self._is_whole and self.status >= 200

    def get(self, name: str) -> str:
        """The first value of a header, by its name in lower case; empty when there is none.

        Values are Latin-1, in which no byte is lost.
        """
        return next((value for key, value in self._headers if key == name), "")

    def all(self) -> dict[str, str]:
        """Every header by its name in lower case; of several of a name the last."""
        return dict(self._headers)

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the answer says how many there are."""
        if self.status in _BODILESS:
            return 0
        length = self.get("content-length")
        is_told = _LENGTH.fullmatch(length) and not self.get("transfer-encoding")
        return int(length) if is_told else None

    def take(self, line: bytes) -> None:
        """Take in the next line, its end included."""
        if self.is_final:
            return  # a trailer
        text = line.decode("latin-1").strip()
        if self._is_whole or not self.status:
            # What an interim answer said is over with it.
            self.status, self._is_whole = int(text.split()[1]), False
            self._headers.clear()
        elif not text:
            self._is_whole = True
        else:
            name, _, value = text.partition(":")
            self._headers.append((name.lower().strip(), value.strip()))


class Handle:
    """One exchange after the other, over one connection that is kept in between.

    With `is_chain` it asks the hops of one chain of redirects: cookies are kept in between, and no
    connection is. Not thread-safe. Close it after use.
    """

    def __init__(self, *, is_chain: bool = False) -> None:
        self._is_chain = is_chain
        self.head = Head()
        self.was_sent = False
        """True from when the first byte of the request may have left."""
        self.failure: Failure | None = None
        """Set when an exchange has ended without an answer."""
        self._received = 0
        self._read: Read | None = None
        self._write: Write = _drop
        self._error: BaseException | None = None
        self._is_under_way = False
        self._has_encrypted_proxy = False
        self._due: float | None = None
        self._kept = -1
        self._sockets = select.poll()
        self._easy, self._multi = pycurl.Curl(), pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, 1)

    def begin(
        self, call: Call, write: Write, read: Read | None = None, *, buffer_bytes: int = 65536
    ) -> None:
        """Begin an exchange. Nothing is waited for: `step` moves it on.

        `write` takes the next bytes of the answer, for the time of its call; False when it wants
        the same ones again, after `resume`. `read` gives the next bytes of the body, at most so
        many, and some before its end. `buffer_bytes` of the body lie ready in libcurl.
        What they raise ends the exchange and is raised by `step`.
        """
        self.end()
        is_stale = self._is_stale()
        self.head, self.was_sent, self.failure = Head(), False, None
        self._read, self._write, self._received, self._error = read, write, 0, None
        self._has_encrypted_proxy = call.proxy is not None and call.proxy.is_encrypted
        _prepare(self._easy, call)
        if self._is_chain:
            self._easy.setopt(pycurl.COOKIEFILE, "")
            self._easy.setopt(pycurl.FORBID_REUSE, 1)
        self._easy.setopt(pycurl.FRESH_CONNECT, is_stale)
        self._easy.setopt(pycurl.OPENSOCKETFUNCTION, _open_socket(call))
        self._easy.setopt(pycurl.PREREQFUNCTION, self._before_request)
        self._easy.setopt(pycurl.HEADERFUNCTION, self._take_line)
        self._easy.setopt(pycurl.WRITEFUNCTION, self._take)
        if read is not None:
            self._easy.setopt(pycurl.READFUNCTION, self._give)
            self._easy.setopt(pycurl.UPLOAD_BUFFERSIZE, buffer_bytes)
        self._multi.add_handle(self._easy)
        self._is_under_way = True

    def step(self, seconds: float) -> bool:
        """Wait until something happens, for so long at most; True when the exchange has ended.

        Then `head` is the answer's, or `failure` says why there is none.
        """
        if not self._is_under_way:
            return True
        if self._due is not None:
            seconds = min(seconds, self._due - time.monotonic())
        running = 1
        for descriptor, events in self._sockets.poll(max(0, math.ceil(seconds * 1000))):
            _, running = self._multi.socket_action(descriptor, _bits(events))
        if self._due is not None and time.monotonic() >= self._due:
            self._due = None
            _, running = self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        if self._error is not None:
            error = self._error
            self.end()
            raise error
        if not running or self._is_answered:
            # Of a body that was answered in its middle the rest would change nothing any more.
            self._conclude()
        return not self._is_under_way

    @property
    def proxy_status(self) -> int:
        """Of the proxy's answer to CONNECT; 0 when there is none."""
        return int(self._easy.getinfo(pycurl.HTTP_CONNECTCODE))

    @property
    def sent(self) -> int:
        """Bytes of the body that the connection has taken."""
        return int(self._easy.getinfo(pycurl.SIZE_UPLOAD_T))

    def resume(self) -> None:
        """Let `write` be called again."""
        self._easy.pause(pycurl.PAUSE_CONT)

    def end(self) -> None:
        """Leave the exchange. In its middle that closes the connection. Idempotent."""
        self._error = None
        if self._is_under_way:
            self._is_under_way = False
            self._multi.remove_handle(self._easy)

    def abandon(self) -> None:
        """Leave the exchange as if its connection had ended."""
        if self._is_under_way:
            self.failure = Failure.CUT
            self.end()

    def close(self) -> None:
        """Hang up. Never fails. Idempotent."""
        self.end()
        self._easy.close()
        self._multi.close()

    def _conclude(self) -> None:
        _, _, failed = self._multi.info_read()
        if failed and not self._is_answered:  # else what broke is the sending, after the answer
            self.failure = self._meaning(failed[0][1])
        elif not self.head.is_final:
            self.failure = Failure.CUT
        self._kept = int(self._easy.getinfo(pycurl.ACTIVESOCKET))
        self.end()

    def _is_stale(self) -> bool:
        """True when the kept connection was ended, or spoken on unasked, by the other side.

        libcurl finds that out by sending, and then nobody knows what has arrived.
        """
        kept = select.poll()
        if self._kept < 0:
            return False
        kept.register(self._kept, select.POLLIN)
        return bool(kept.poll(0))

    @property
    def _is_answered(self) -> bool:
        if not self.head.is_final:
            return False
        length = self.head.length
        return length is not None and self._received >= length

    def _meaning(self, code: int) -> Failure:
        if code in _UNTRUSTED:
            is_proxys = self._has_encrypted_proxy and not self.proxy_status
            return Failure.PROXY_UNTRUSTED if is_proxys else Failure.UNTRUSTED
        if self.was_sent:
            return Failure.CUT
        refused = self.proxy_status >= 300
        return Failure.REFUSED_BY_PROXY if refused else Failure.UNCONNECTED

    # What libcurl calls. It prints what these raise, and forgets it. ---------------------------

    def _before_request(self, *_: object) -> int:
        # The second time it is about to send the request once more, on another connection.
        is_first, self.was_sent = not self.was_sent, True
        return int(pycurl.PREREQFUNC_OK if is_first else pycurl.PREREQFUNC_ABORT)

    def _take_line(self, line: bytes) -> int | None:
        if self.was_sent:  # else it is a proxy's answer to CONNECT
            try:
                self.head.take(line)
            except (ValueError, IndexError):
                return 0
        return None

    def _take(self, data: memoryview | bytes) -> int | None:
        try:
            if not self._write(data):
                return int(pycurl.WRITEFUNC_PAUSE)
        except BaseException as error:
            self._error = error
            return 0
        self._received += len(data)
        return None

    def _give(self, most: int) -> Any:
        assert self._read is not None
        try:
            return self._read(most)
        except BaseException as error:
            self._error = error
            return pycurl.READFUNC_ABORT

    def _watch(self, what: int, descriptor: int, *_: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._sockets.unregister(descriptor)
        else:
            self._sockets.register(descriptor, _EVENTS[what])

    def _set_timer(self, milliseconds: int) -> None:
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000


def _prepare(easy: "pycurl.Curl", call: Call) -> None:
    easy.reset()
    options = {
        pycurl.URL: call.url,
        pycurl.CUSTOMREQUEST: call.method,
        pycurl.HTTPHEADER: ["Expect:", "Accept:", *(f"{n}: {v}" for n, v in call.headers)],
        pycurl.USERAGENT: USER_AGENT,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
        pycurl.PATH_AS_IS: 1,
        pycurl.NOSIGNAL: 1,
        pycurl.TCP_KEEPALIVE: 1,
        pycurl.CONNECTTIMEOUT_MS: round(call.connect_seconds * 1000),
        pycurl.BUFFERSIZE: RECEIVE_BYTES,
        # Empty: neither a proxy nor an exception from one is taken from the environment.
        pycurl.PROXY: "",
        pycurl.NOPROXY: "",
    }
    authorities = find_authorities()
    if authorities.file:
        options[pycurl.CAINFO] = options[pycurl.PROXY_CAINFO] = authorities.file
    if authorities.folder:
        options[pycurl.CAPATH] = options[pycurl.PROXY_CAPATH] = authorities.folder
    reached = call.proxy or call
    if not is_literal(reached.host):
        options[pycurl.RESOLVE] = [f"{reached.host}:{reached.port}:{','.join(call.addresses)}"]
    if call.proxy is not None:
        options[pycurl.PROXY] = call.proxy.url
        options[pycurl.HTTPPROXYTUNNEL] = 1
        if call.tunnel_to is not None:
            options[pycurl.CONNECT_TO] = [
                f"{call.host}:{call.port}:{bracketed(call.tunnel_to)}:{call.port}"
            ]
    if call.length is not None:
        options[pycurl.UPLOAD] = 1
        options[pycurl.INFILESIZE_LARGE] = call.length
    for option, value in options.items():
        easy.setopt(option, value)


def _open_socket(call: Call) -> Callable[[int, Any], int]:
    allowed = {ip_address(address) for address in call.addresses}

    def open_socket(_purpose: int, wanted: Any) -> int:
        # The last word on where a connection leads, whatever has put an address there.
        if ip_address(wanted.addr[0]) not in allowed:
            return int(pycurl.SOCKET_BAD)
        return socket(wanted.family, wanted.socktype, wanted.protocol).detach()

    return open_socket


def _bits(events: int) -> int:
    bits = 0
    if events & (select.POLLIN | select.POLLHUP):
        bits |= pycurl.CSELECT_IN
    if events & select.POLLOUT:
        bits |= pycurl.CSELECT_OUT
    if events & (select.POLLERR | select.POLLNVAL):
        bits |= pycurl.CSELECT_ERR
    return bits


def _drop(_: memoryview | bytes) -> bool:
    return True
