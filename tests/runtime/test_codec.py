import json
from dataclasses import dataclass

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from domain.errors import CastlineError, InvalidRequest
from domain.secrets import Secret
from runtime.codec import ENCODING, KEY_ID, make_data_converter
from runtime.codec_http import decode_json, encode_json
from store.keyring import Keyring, create_keyset


@dataclass(frozen=True, slots=True)
class Note:
    text: str


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.from_json(create_keyset())


async def test_a_payload_comes_back_as_it_was(keyring: Keyring) -> None:
    converter = make_data_converter(keyring)
    payloads = await converter.encode([Note("tide"), None, b"raw"])
    decoded = await converter.decode(payloads, [Note, type(None), bytes])
    assert decoded == [Note("tide"), None, b"raw"]


async def test_history_shows_the_key_and_nothing_else(keyring: Keyring) -> None:
    (payload,) = await make_data_converter(keyring).encode([Note("low tide at noon")])
    assert payload.metadata["encoding"] == ENCODING
    assert payload.metadata[KEY_ID] == keyring.primary_key_id.encode()
    assert set(payload.metadata) == {"encoding", KEY_ID}
    assert b"low tide" not in payload.SerializeToString()


async def test_old_payloads_are_read_after_a_rotation(keyring: Keyring) -> None:
    old = await make_data_converter(keyring).encode(["before"])
    rotated = Keyring.from_json(keyring.rotated())
    converter = make_data_converter(rotated)
    new = await converter.encode(["after"])
    assert new[0].metadata[KEY_ID] != old[0].metadata[KEY_ID]
    assert await converter.decode([*old, *new]) == ["before", "after"]


async def test_a_key_that_is_gone_opens_nothing(keyring: Keyring) -> None:
    payloads = await make_data_converter(keyring).encode(["mine"])
    stranger = make_data_converter(Keyring.from_json(create_keyset()))
    with pytest.raises(CastlineError, match="does not open"):
        await stranger.decode(payloads)


@pytest.mark.parametrize("position", [0, 7, -1])
async def test_a_changed_payload_is_refused(keyring: Keyring, position: int) -> None:
    converter = make_data_converter(keyring)
    (payload,) = await converter.encode(["as it was"])
    data = bytearray(payload.data)
    data[position] ^= 1
    payload.data = bytes(data)
    with pytest.raises(CastlineError):
        await converter.decode([payload])


async def test_a_vault_entry_is_not_taken_for_a_payload(keyring: Keyring) -> None:
    entry = keyring.seal(Payload(data=b"1").SerializeToString(), b"credential/sealed/con_1")
    foreign = Payload(metadata={"encoding": ENCODING}, data=entry)
    with pytest.raises(CastlineError):
        await make_data_converter(keyring).decode([foreign])


async def test_a_payload_in_clear_passes_through(keyring: Keyring) -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"by hand"')
    assert await make_data_converter(keyring).decode([plain]) == ["by hand"]


async def test_a_secret_in_an_argument_fails_the_call(keyring: Keyring) -> None:
    converter = make_data_converter(keyring)
    with pytest.raises(TypeError):
        await converter.encode([Secret("ya29.token")])
    with pytest.raises(TypeError):
        await converter.encode([{"token": Secret("ya29.token")}])


async def test_the_words_of_a_failure_are_sealed_too(keyring: Keyring) -> None:
    converter = make_data_converter(keyring)
    failure = Failure()
    await converter.encode_failure(ApplicationError("the harbour is closed", "north"), failure)
    assert b"harbour" not in failure.SerializeToString()
    assert b"north" not in failure.SerializeToString()
    back = await converter.decode_failure(failure)
    assert isinstance(back, ApplicationError)
    assert (back.message, back.details) == ("the harbour is closed", ("north",))


async def test_the_web_ui_reads_what_a_worker_wrote(keyring: Keyring) -> None:
    sealed = await make_data_converter(keyring).encode([Note("for the operator"), "second"])
    body = json_format.MessageToJson(Payloads(payloads=sealed)).encode()
    answer = json_format.Parse(decode_json(body, keyring), Payloads())
    assert [json.loads(payload.data) for payload in answer.payloads] == [
        {"text": "for the operator"},
        "second",
    ]


async def test_what_the_web_ui_sends_is_sealed_for_a_worker(keyring: Keyring) -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"signal"')
    body = json_format.MessageToJson(Payloads(payloads=[plain])).encode()
    sealed = json_format.Parse(encode_json(body, keyring), Payloads())
    assert sealed.payloads[0].metadata["encoding"] == ENCODING
    assert await make_data_converter(keyring).decode(sealed.payloads) == ["signal"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b'{"payloads": 3}', b'{"payload": []}', b"\xff\xfe", b"null"],
)
def test_a_body_of_another_shape_is_the_callers_mistake(keyring: Keyring, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_json(body, keyring)
