"""Connections of httpcore2 through a proxy: it is asked to CONNECT, then the bytes pass through.

httpcore2's own proxies send plain http in clear to the proxy instead, and name the host of the
URL. Here both schemes take the same way, and the caller says which address is asked for.
"""

from collections.abc import Iterable

import httpcore2

from transport.hosts import bracketed
from transport.proxies import Proxy, is_refusal
from transport.trust import tls_context


class TunnelError(httpcore2.ConnectError):
    """The proxy made no connection, so nothing of the request has left."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(f"the proxy answered {status}" if status else "the proxy does not answer")
        self.status = status
        """Of its answer to CONNECT. 0: there was none."""

    @property
    def is_refusal(self) -> bool:
        """True when the proxy does not let this request through; else it could not connect."""
        return is_refusal(self.status)


class Tunnels(httpcore2.NetworkBackend):
    """Connects through a proxy, which looks the name up. Thread-safe.

    Raises `TunnelError`.
    """

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self.greet(timeout, local_address, socket_options)
        try:
            connection = httpcore2.HTTP11Connection(_origin(self._proxy), stream)
            answer = connection.handle_request(_ask(self._proxy, host, port, timeout))
        except _FAILURES as error:
            raise TunnelError from error
        if answer.status >= 300:
            connection.close()
            raise TunnelError(answer.status)
        through: httpcore2.NetworkStream = answer.extensions["network_stream"]
        return through

    def greet(
        self,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the proxy, and ask it for nothing. Raises `TunnelError`."""
        proxy = self._proxy
        try:
            stream = self._network.connect_tcp(
                proxy.host, proxy.port, timeout, local_address, socket_options
            )
            if proxy.is_encrypted:
                stream = stream.start_tls(tls_context(), proxy.host, timeout)
        except _FAILURES as error:
            raise TunnelError from error
        return stream


async def open_tunnel(
    network: httpcore2.AsyncNetworkBackend,
    proxy: Proxy,
    address: str,
    host: str,
    port: int,
) -> httpcore2.AsyncNetworkStream:
    """Connect to a proxy at this IP address, and through it to `host`, a name or an IP address.

    The caller bounds the time. Raises `TunnelError`.
    """
    try:
        stream = await network.connect_tcp(address, proxy.port)
        if proxy.is_encrypted:
            stream = await stream.start_tls(tls_context(), proxy.host)
        connection = httpcore2.AsyncHTTP11Connection(_origin(proxy), stream)
        answer = await connection.handle_async_request(_ask(proxy, host, port))
    except _FAILURES as error:
        raise TunnelError from error
    if answer.status >= 300:
        await connection.aclose()
        raise TunnelError(answer.status)
    through: httpcore2.AsyncNetworkStream = answer.extensions["network_stream"]
    return through


_FAILURES = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError)


def _origin(proxy: Proxy) -> httpcore2.Origin:
    scheme = b"https" if proxy.is_encrypted else b"http"
    return httpcore2.Origin(scheme, proxy.host.encode(), proxy.port)


def _ask(proxy: Proxy, host: str, port: int, timeout: float | None = None) -> httpcore2.Request:
    target = f"{bracketed(host)}:{port}".encode()
    headers = [(b"Host", target)]
    if (authorization := proxy.authorization) is not None:
        headers.append((b"Proxy-Authorization", authorization))
    origin = _origin(proxy)
    url = httpcore2.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target)
    return httpcore2.Request(
        "CONNECT",
        url,
        headers=headers,
        extensions={"timeout": {"read": timeout, "write": timeout}},
    )
