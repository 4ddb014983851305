"""TLS in memory, over a steady socket.

An `SSLSocket` makes one system call for every record of 16 KiB. Here a whole buffer is
encrypted in memory and handed to the kernel at once, which takes about a third off the
CPU time of a transfer, and a connection whose sending half broke can still be read:
that is where the answer of a server lies that refused in mid-body.
"""

import ssl

from platforms.transfer.steady import Cut, SteadySocket

_RECEIVE_BYTES = 32 * 1024


class TlsStream:
    """A `Stream` through TLS, verified and ready when made.

    Raises `ssl.SSLCertVerificationError` for a certificate that is not trusted.
    """

    def __init__(self, below: SteadySocket, *, context: ssl.SSLContext, host: str) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._received = memoryview(bytearray(_RECEIVE_BYTES))
        self._ahead = b""
        self._shake_hands()
        below.is_answered = self.has_spoken

    def sendall(self, data: bytes | memoryview) -> None:
        view, sealed = memoryview(data), 0
        try:
            while sealed < len(view):
                sealed += self._tls.write(view[sealed:])
        except ssl.SSLError:
            raise Cut from None
        self._flush()

    def recv_into(self, view: memoryview) -> int:
        if self._ahead:
            view[:1], self._ahead = self._ahead, b""
            return 1
        while True:
            try:
                return self._tls.read(len(view), view)  # type: ignore[return-value]  # a count
            except ssl.SSLWantReadError:
                self._receive()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return 0
            except ssl.SSLError:
                raise Cut from None

    def has_spoken(self) -> bool:
        # TLS 1.3 sends session tickets of its own accord: bytes on the socket are no answer yet.
        while not self._ahead and self._below.has_spoken():
            self._receive()
            try:
                self._ahead = self._tls.read(1)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return True
            return True
        return bool(self._ahead)

    def expect_within(self, seconds: float) -> None:
        self._below.expect_within(seconds)

    def close(self) -> None:
        self._below.close()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._receive()
            except ssl.SSLCertVerificationError:
                raise
            except ssl.SSLError:
                raise Cut from None
            else:
                return self._flush()

    def _flush(self) -> None:
        self._below.sendall(self._outgoing.read())

    def _receive(self) -> None:
        count = self._below.recv_into(self._received)
        if count:
            self._incoming.write(self._received[:count])
        else:
            self._incoming.write_eof()
