"""Looks for secrets where none may be: in files, in histories, in logs, whatever hides them.

A find is a secret as such or in base64, however often wrapped: payloads are base64 in JSON, and
may be JSON with base64 in them again. What is sealed is looked at sealed and opened.
"""

import base64
import binascii
import logging
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from runtime.codec import Sealer, is_sealed, open_payload
from runtime.logs import JsonLines, TextLines

PATTERNS = {
    "an access token of Google's": rb"ya29\.[\w-]{10,}",
    "a refresh token of Google's": rb"1//0[\w-]{20,}",
    "a code of Google's": rb"4/0A[\w-]{20,}",
    "an upload session": rb"upload_id=\w{4,}",
    "a token of Meta's": rb"EAAB[0-9a-f]{32,}",
    "an app's token of Meta's": rb"\d{15}\|[\w-]{12,}",
}
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_DEPTH = 3


def found(secrets: Mapping[str, str], hay: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Which secret lies where: pairs of the names of both."""
    needles = {
        name: re.compile(b"|".join(map(re.escape, {text.encode(), quote(text, safe="").encode()})))
        for name, text in secrets.items()
    }
    needles |= {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
    return {
        (name, where)
        for where, data in hay.items()
        for layer in _layers(data, _DEPTH)
        for name, needle in needles.items()
        if needle.search(layer)
    }


def _layers(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth:
        for run in _BASE64.findall(data):
            # Any of four positions may be where the encoding begins.
            for start in range(4):
                if decoded := _decoded(run[start:]):
                    yield from _layers(decoded, depth - 1 if start == 0 else 0)


def _decoded(run: bytes) -> bytes:
    run = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if len(run) % 4 == 1:
        run = run[:-1]
    try:
        return base64.b64decode(run + b"=" * (-len(run) % 4))
    except binascii.Error:
        return b""


def files(folder: Path) -> dict[str, bytes]:
    """Every database file below the folder, with what was written ahead of it."""
    return {path.name: path.read_bytes() for path in folder.rglob("*.db*")}


async def workflows(client: Client, keyring: Sealer) -> dict[str, bytes]:
    """Every history and every description, as exported and opened."""
    return {name: data async for name, data in _workflows(client, keyring)}


async def _workflows(client: Client, keyring: Sealer) -> AsyncIterator[tuple[str, bytes]]:
    async for execution in client.list_workflows():
        workflow = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        history = await workflow.fetch_history()
        opened = [_opened(event, keyring) for event in history.events]
        _drop_sealed(history.events)
        yield f"history of {execution.id}", b"\n".join([history.to_json().encode(), *opened])
        description = (await workflow.describe()).raw_description
        yield (
            f"description of {execution.id}",
            description.SerializeToString() + _opened(description, keyring),
        )


def _drop_sealed(events: Iterable[Message]) -> None:
    """Leave out what was looked at opened: its base64 reads like a token once in thirty million."""
    for event in events:
        for payload in _payloads(event):
            if is_sealed(payload):
                payload.ClearField("data")


def _opened(message: Message, keyring: Sealer) -> bytes:
    return b"\n".join(
        (open_payload(payload, keyring) if is_sealed(payload) else payload).SerializeToString()
        for payload in _payloads(message)
    )


def _payloads(message: Message) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():
        for part in _parts(descriptor, value):
            if isinstance(part, Message):
                yield from _payloads(part)


def _parts(descriptor: Any, value: Any) -> list[Any]:
    if isinstance(value, Message):
        return [value]
    if descriptor.message_type is None:
        return []
    return list(value.values() if hasattr(value, "values") else value)


@dataclass
class Logs(logging.Handler):
    """Everything that is logged, at every level, in both forms."""

    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._forms = (TextLines(), JsonLines())

    def __hash__(self) -> int:
        return id(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [form.format(record) for form in self._forms]

    @property
    def data(self) -> bytes:
        return "\n".join(self.lines).encode()


@contextmanager
def listening() -> Iterator[Logs]:
    """Keep everything that is logged meanwhile."""
    logs, root = Logs(), logging.getLogger()
    level = root.level
    root.addHandler(logs)
    root.setLevel(logging.DEBUG)
    try:
        yield logs
    finally:
        root.setLevel(level)
        root.removeHandler(logs)
