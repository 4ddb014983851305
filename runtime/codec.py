"""Payloads in Temporal's history, sealed with the keys of the vault.

Everything that a workflow or an activity is given, returns or fails with is encrypted
before it leaves the process, so that Temporal's database, its Web UI and its backups hold
ciphertext only. Each payload names the key that sealed it; the keyring keeps old keys, so
recorded histories stay readable for as long as the old key is kept. A payload that is not
sealed is passed through unchanged: what an operator starts by hand from Temporal's own
command line is understood.

Ids, types, queue names and search attributes are not payloads and stay in clear.
"""

from collections.abc import Sequence
from typing import Protocol

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    PayloadCodec,
)

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"

# Binds a ciphertext to its use: a payload cannot be passed off as a vault entry, nor the reverse.
_CONTEXT = b"temporal payload"


class Sealer(Protocol):
    """What the codec needs of the keyring."""

    def seal(self, plaintext: bytes, context: bytes) -> bytes: ...

    def open(self, ciphertext: bytes, context: bytes) -> bytes: ...

    def key_id_of(self, ciphertext: bytes) -> str: ...


class SealingCodec(PayloadCodec):
    """Seals and opens whole payloads, metadata included.

    Sealing takes microseconds, so it happens on the event loop; a thread would cost more.
    """

    def __init__(self, keyring: Sealer) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self.seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self.open(payload) for payload in payloads]

    def seal(self, payload: Payload) -> Payload:
        """Return the sealed payload. Twice is not the same: each seal draws a new nonce."""
        sealed = self._keyring.seal(payload.SerializeToString(), _CONTEXT)
        return Payload(
            metadata={"encoding": ENCODING, KEY_ID: self._keyring.key_id_of(sealed).encode()},
            data=sealed,
        )

    def open(self, payload: Payload) -> Payload:
        """Return the payload in clear. Raises what the keyring raises for a forgery."""
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        return Payload.FromString(self._keyring.open(payload.data, _CONTEXT))


def make_data_converter(keyring: Sealer) -> DataConverter:
    """Return the converter of every client and worker.

    The default conversion of frozen dataclasses is kept because it refuses a `Secret`
    loudly; failure messages and stack traces are sealed like any other payload.
    """
    return DataConverter(
        payload_converter_class=DefaultPayloadConverter,
        payload_codec=SealingCodec(keyring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
