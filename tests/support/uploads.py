"""A platform in miniature: a server that takes uploads and can be told to misbehave.

It speaks just enough of a resumable protocol over a real socket, and `Steps` says what
it does wrong on which request. `MiniUpload` is the machine for it.
"""

import re
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from domain.secrets import Secret
from domain.states import KnownBy
from platforms.transfer.machine import Answer, Finished, Request

_SPAN = re.compile(r"bytes (\d+)-(\d+)/\d+")


@dataclass
class Step:
    """What the server does with one request; by default what is right."""

    keep: int | None = None
    """Keep only so many bytes of the body, but read it all."""
    cut_after: int | None = None
    """Read and keep so many bytes of the body, then reset the connection."""
    lose_answer: bool = False
    """Take everything in, then hang up."""
    answer: bytes | None = None
    """Answer this, keeping nothing of the body."""
    early: bool = False
    """Give `answer` after `cut_after` bytes of the body, and hang up with the rest unread."""
    before_hang_up: Callable[[], object] = lambda: None
    before_body: Callable[[], object] = lambda: None
    before_answer: Callable[[], object] = lambda: None


@dataclass
class UploadServer:
    """Holds what was uploaded. `steps` are used up request by request."""

    size: int
    tls: ssl.SSLContext | None = None
    steps: deque[Step] = field(default_factory=deque)
    stored: bytearray = field(default_factory=bytearray)
    heads: list[str] = field(default_factory=list)
    bodies: list[bytearray] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> "UploadServer":
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://localhost:{self._listener.getsockname()[1]}/session?upload_id=secret"

    @property
    def chunks(self) -> int:
        """How many requests carried bytes."""
        return sum("bytes */" not in head for head in self.heads)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        self.connections += 1
        try:
            with self.tls.wrap_socket(plain, server_side=True) if self.tls else plain as sock:
                while self._serve_one(sock):
                    pass
        except OSError:
            pass

    def _serve_one(self, sock: socket.socket) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                return False
            head += byte
        text = head.decode()
        self.heads.append(text)
        step = self.steps.popleft() if self.steps else Step()
        step.before_body()
        if step.early:
            assert step.answer is not None
            unread = step.cut_after or 0
            while unread:
                unread -= len(sock.recv(unread))
            sock.sendall(step.answer)
            step.before_hang_up()
            return False
        body = self._body(sock, text, step)
        if body is None:
            return False
        self.bodies.append(body)
        if step.answer is None:
            self._keep(text, body if step.keep is None else body[: step.keep])
        step.before_answer()
        if step.lose_answer:
            return False
        sock.sendall(step.answer or self._answer())
        return True

    def _body(self, sock: socket.socket, head: str, step: Step) -> bytearray | None:
        found = re.search(r"Content-Length: (\d+)", head)
        left = int(found[1]) if found else 0
        limit = left if step.cut_after is None else min(left, step.cut_after)
        body = bytearray()
        while len(body) < limit:
            piece = sock.recv(min(65536, limit - len(body)))
            if not piece:
                self._keep(head, body)  # like a platform, keep the prefix of what never ended
                return None
            body += piece
        if step.cut_after is not None and step.cut_after < left:
            self._keep(head, body)
            # With no time to linger, closing resets: the sender sees it in mid-send.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        return body

    def _keep(self, head: str, body: bytearray) -> None:
        span = _SPAN.search(head)
        if span and int(span[1]) == len(self.stored):
            self.stored += body

    def _answer(self) -> bytes:
        if len(self.stored) >= self.size:
            return answer("201 Created", body=b'{"id": "made"}')
        held = [f"Range: bytes=0-{len(self.stored) - 1}"] if self.stored else []
        return answer("308 Resume Incomplete", *held)


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class MiniUpload:
    """The machine for it: a query first and after each trouble, else chunk after chunk."""

    def __init__(self, url: str, *, size: int, chunk: int) -> None:
        self.confirmed = 0
        self.answers: list[Answer] = []
        self.requests: list[Request] = []
        self._url = Secret(url)
        self._size = size
        self._chunk = chunk
        self._knows = False

    def next_request(self) -> Request:
        request = self._chunk_request() if self._knows else self._query()
        self.requests.append(request)
        return request

    def receive(self, answer: Answer) -> Finished | None:
        self.answers.append(answer)
        self._knows = False
        if answer.status == 308:
            held = answer.headers.get("range", "bytes=0--1")
            self.confirmed = int(held.removeprefix("bytes=0-")) + 1
            self._knows = True
            return None
        if answer.status == 401:
            raise ReauthorizationNeeded("token_rejected", "The token was rejected.")
        if answer.status >= 500:
            wait = answer.headers.get("retry-after")
            raise PlatformUnavailable(
                "platform_busy", "The platform is busy.", retry_after=float(wait) if wait else None
            )
        return Finished("made", KnownBy.ANSWER)

    def lost(self) -> None:
        self._knows = False

    def _query(self) -> Request:
        return Request("PUT", self._url, {"Content-Range": f"bytes */{self._size}"})

    def _chunk_request(self) -> Request:
        length = min(self._chunk, self._size - self.confirmed)
        end = self.confirmed + length
        return Request(
            "PUT",
            self._url,
            {"Content-Range": f"bytes {self.confirmed}-{end - 1}/{self._size}"},
            offset=self.confirmed,
            length=length,
            finishes=end == self._size,
        )
