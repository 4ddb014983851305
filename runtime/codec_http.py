"""The remote-codec protocol of Temporal's Web UI and command line, without the HTTP.

Both post `{"payloads": [...]}` in Protobuf's JSON form and want the same shape back. The
API serves these functions behind an operator's key; they know nothing of requests.
"""

import json
from collections.abc import Callable

from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from domain.errors import InvalidRequest
from runtime.codec import Sealer, SealingCodec


def decode_json(body: bytes, keyring: Sealer) -> bytes:
    """Open the payloads of a remote-codec request and return the answer's body.

    Raises `InvalidRequest` (code `invalid_payloads`) for a body of another shape, and what the
    keyring raises for a payload that its keys do not open.
    """
    return _each(body, SealingCodec(keyring).open)


def encode_json(body: bytes, keyring: Sealer) -> bytes:
    """Seal the payloads of a remote-codec request and return the answer's body."""
    return _each(body, SealingCodec(keyring).seal)


def _each(body: bytes, change: Callable[[Payload], Payload]) -> bytes:
    try:
        payloads = json_format.Parse(body, Payloads())
    except (json_format.ParseError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest(
            "invalid_payloads", "The body must be the JSON of Temporal payloads."
        ) from None
    changed = Payloads(payloads=[change(payload) for payload in payloads.payloads])
    return json.dumps(json_format.MessageToDict(changed), separators=(",", ":")).encode()
