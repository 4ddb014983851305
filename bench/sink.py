"""A server that takes uploads over TLS as fast as it can and keeps nothing.

It speaks what every contestant needs: opening a session, chunks with 308 and Range, the
status query, the final 201 with an id, and a plain PUT. Bodies are received into one
buffer per connection and counted. Run as `python -m bench.sink DIRECTORY HOST`: it writes its
authority to `DIRECTORY/ca.pem`, prints its port at HOST and serves until its input closes.
"""

import re
import socket
import ssl
import sys
import threading
from itertools import count
from pathlib import Path

import trustme

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")
_BUFFER = 1024 * 1024


class Sink:
    """Sessions and how many bytes each has taken."""

    def __init__(self) -> None:
        self._names = count(1)
        self._taken: dict[str, int] = {}

    def serve(self, connection: ssl.SSLSocket) -> None:
        """Answer one connection's requests until it hangs up."""
        buffer = bytearray(_BUFFER)
        with connection:
            while head := _read_head(connection):
                method, target, headers = _parse(head)
                if "100-continue" in headers.get("expect", ""):
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                _discard(connection, buffer, int(headers.get("content-length", "0")))
                connection.sendall(self._answer(method, target, headers))

    def _answer(self, method: str, target: str, headers: dict[str, str]) -> bytes:
        path = target.partition("?")[0]
        if method == "POST":
            session = f"/session/{next(self._names)}"
            self._taken[session] = 0
            return _response("200 OK", f"Location: https://{headers['host']}{session}")
        span = _RANGE.fullmatch(headers.get("content-range", ""))
        if span:
            first, last, total = span.groups()
            if first is not None and int(first) == self._taken[path]:
                self._taken[path] = int(last) + 1
            taken = self._taken[path]
            if taken < int(total):
                kept = [f"Range: bytes=0-{taken - 1}"] if taken else []
                return _response("308 Resume Incomplete", *kept)
        body = '{"kind": "youtube#video", "id": "sunk"}'
        return _response("201 Created", "Content-Type: application/json", body=body)


def _read_head(connection: ssl.SSLSocket) -> bytes:
    # Every contestant waits for the answer before it speaks again, so a head is found by
    # reading small pieces; what follows it in the same piece would be body.
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        head += byte
    return head


def _parse(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _version = first.split(" ")
    pairs = (line.split(":", 1) for line in lines)
    return method, target, {name.lower(): value.strip() for name, value in pairs}


def _discard(connection: ssl.SSLSocket, buffer: bytearray, length: int) -> None:
    view = memoryview(buffer)
    while length:
        taken = connection.recv_into(view[: min(length, _BUFFER)])
        if not taken:
            raise ConnectionError
        length -= taken


def _response(status: str, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


def main(directory: Path, host: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    listener = socket.create_server((host, 0))
    sink = Sink()

    def welcome(plain: socket.socket) -> None:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sink.serve(context.wrap_socket(plain, server_side=True))

    def accept() -> None:
        while True:
            plain, _address = listener.accept()
            threading.Thread(target=welcome, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
