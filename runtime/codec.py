"""Payloads in Temporal's history, sealed with the keys of the vault and bound to a workflow.

Everything that a workflow or an activity is given, returns or fails with is encrypted
before it leaves the process, so that Temporal's database, its Web UI and its backups hold
ciphertext only. Each payload names the key that sealed it and the workflow that it belongs
to; the name is authenticated together with the ciphertext. A worker or client refuses a
payload that is not sealed, and one that belongs to another workflow: write access to
Temporal is not enough to put words into a workflow's mouth.

Ids, types, queue names and search attributes are not payloads and stay in clear. What
Temporal's server writes itself (timeouts, terminations, cancellations) carries no payload,
with one exception: the cancellation of an activity that no worker has begun. That constant is
let through as it is, and nothing else that is unsealed.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from domain.errors import CastlineError
from domain.ids import SCHEDULES

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
WORKFLOW_ID = "workflow-id"

# Binds a ciphertext to its use: a payload cannot be passed off as a vault entry, nor the reverse.
_CONTEXT = b"temporal payload/"

_NOT_STARTED = Payload(metadata={"encoding": b"json/plain"}, data=b'"ACTIVITY_ID_NOT_STARTED"')
"""What the server gives as the details of a cancelled activity that no worker has begun.

Source: measured in histories of server 1.32; it is a constant of the server's code.
"""

_SCHEDULED = re.compile(rf"({'|'.join(SCHEDULES)})-\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""A run of a Schedule: its workflow id is the Schedule's with the time behind it."""


class Sealer(Protocol):
    """What the codec needs of the keyring."""

    def seal(self, plaintext: bytes, context: bytes) -> bytes: ...

    def open(self, ciphertext: bytes, context: bytes) -> bytes: ...

    def key_id_of(self, ciphertext: bytes) -> str: ...


class SealingCodec(PayloadCodec, WithSerializationContext):
    """Seals and opens the payloads of one workflow.

    The SDK asks for a copy per workflow by `with_context`; without a workflow nothing is
    sealed or opened. Sealing takes microseconds, so it happens on the event loop; a thread
    would cost more.
    """

    def __init__(self, keyring: Sealer, workflow_id: str | None = None) -> None:
        self._keyring = keyring
        self._workflow_id = workflow_id

    def with_context(self, context: SerializationContext) -> "SealingCodec":
        """Return the codec of the workflow that the payloads belong to."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return SealingCodec(self._keyring, context.workflow_id)
        return SealingCodec(self._keyring)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads. Raises `CastlineError` (code `payload_unbound`) without a workflow."""
        workflow_id = self._bound_to()
        return [seal_payload(payload, self._keyring, workflow_id) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open payloads of this workflow.

        Raises `CastlineError`: `payload_unbound` without a workflow, `payload_not_sealed`,
        `payload_of_another_workflow`, and `seal_broken` for a forgery.
        """
        workflow_id = self._bound_to()
        return [self._open(payload, workflow_id) for payload in payloads]

    def _open(self, payload: Payload, workflow_id: str) -> Payload:
        if payload == _NOT_STARTED:
            return payload
        opened = open_payload(payload, self._keyring)
        _refuse_foreign(workflow_id_of(payload), workflow_id)
        return opened

    def _bound_to(self) -> str:
        if not self._workflow_id:
            raise CastlineError(
                "payload_unbound", "A payload that belongs to no workflow is not sealed or opened."
            )
        return self._workflow_id


def seal_payload(payload: Payload, keyring: Sealer, workflow_id: str) -> Payload:
    """Seal a whole payload, metadata included, for one workflow.

    Twice is not the same: each seal draws a new nonce.
    """
    sealed = keyring.seal(payload.SerializeToString(), _CONTEXT + workflow_id.encode())
    return Payload(
        metadata={
            "encoding": ENCODING,
            KEY_ID: keyring.key_id_of(sealed).encode(),
            WORKFLOW_ID: workflow_id.encode(),
        },
        data=sealed,
    )


def is_sealed(payload: Payload) -> bool:
    return payload.metadata.get("encoding") == ENCODING


def workflow_id_of(payload: Payload) -> str:
    """The workflow that a sealed payload names. It is true once the payload was opened."""
    return payload.metadata.get(WORKFLOW_ID, b"").decode(errors="replace")


def open_payload(payload: Payload, keyring: Sealer) -> Payload:
    """Open a payload of whichever workflow it names.

    Raises `CastlineError`: `payload_not_sealed`, and `seal_broken` when the ciphertext or the
    name of its workflow was changed.
    """
    if not is_sealed(payload):
        raise CastlineError(
            "payload_not_sealed",
            "A payload in Temporal is not encrypted, so it was not written by Castline. Find out "
            "who has access to Temporal, and terminate the workflow.",
        )
    context = _CONTEXT + payload.metadata.get(WORKFLOW_ID, b"")
    return Payload.FromString(keyring.open(payload.data, context))


def _refuse_foreign(named: str, workflow_id: str) -> None:
    if _without_time(named) != _without_time(workflow_id):
        raise CastlineError(
            "payload_of_another_workflow",
            f"A payload of workflow {named!r} was found in {workflow_id!r}. Find out who has "
            "access to Temporal, and terminate the workflow.",
        )


def _without_time(workflow_id: str) -> str:
    # The runs of one Schedule share its arguments and get the result of the run before.
    scheduled = _SCHEDULED.fullmatch(workflow_id)
    return scheduled.group(1) if scheduled else workflow_id


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
