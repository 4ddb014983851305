"""The remote-codec protocol of Temporal's Web UI and command line, without the HTTP.

Both post `{"payloads": [...]}` in Protobuf's JSON form and want the same shape back. The
request names no workflow, so each opened payload says in its metadata which workflow it was
sealed for: a reader who finds another id there than the page's looks at a payload that was
moved. Nothing is encoded for them: what a person starts is started through the API.
"""

import json

from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from domain.errors import CastlineError, InvalidRequest
from runtime.codec import KEY_ID, WORKFLOW_ID, Sealer, is_sealed, open_payload


def decode_json(body: bytes, keyring: Sealer) -> bytes:
    """Open the payloads of a remote-codec request and return the answer's body.

    What is not sealed (a search attribute, say) comes back as it was. Raises `InvalidRequest`
    (code `invalid_payloads`) for a body of another shape, and (code `seal_broken`) for a payload
    that its keys do not open.
    """
    try:
        payloads = json_format.Parse(body, Payloads())
    except (json_format.ParseError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest(
            "invalid_payloads", "The body must be the JSON of Temporal payloads."
        ) from None
    opened = Payloads(payloads=[_shown(payload, keyring) for payload in payloads.payloads])
    return json.dumps(json_format.MessageToDict(opened), separators=(",", ":")).encode()


def _shown(payload: Payload, keyring: Sealer) -> Payload:
    if not is_sealed(payload):
        return payload
    try:
        opened = open_payload(payload, keyring)
    except CastlineError as error:
        # Of the request's bytes, or of a key that was retired: nothing is wrong with the API.
        raise InvalidRequest(error.code, error.sentence) from None
    for name in (WORKFLOW_ID, KEY_ID):
        opened.metadata[name] = payload.metadata.get(name, b"")
    return opened
