import json
from dataclasses import dataclass

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from domain.errors import CastlineError, InvalidRequest
from domain.secrets import Secret
from runtime.codec import ENCODING, KEY_ID, WORKFLOW_ID, Sealer, make_data_converter
from runtime.codec_http import decode_json
from store.keyring import Keyring, create_keyset

HERE = "assignment/asg_1"


@dataclass(frozen=True, slots=True)
class Note:
    text: str


def converter_of(keyring: Sealer, workflow_id: str = HERE) -> DataConverter:
    """The converter as the SDK uses it for a workflow."""
    context = WorkflowSerializationContext(namespace="default", workflow_id=workflow_id)
    return make_data_converter(keyring).with_context(context)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.from_json(create_keyset())


async def test_a_payload_comes_back_as_it_was(keyring: Keyring) -> None:
    converter = converter_of(keyring)
    payloads = await converter.encode([Note("tide"), None, b"raw"])
    decoded = await converter.decode(payloads, [Note, type(None), bytes])
    assert decoded == [Note("tide"), None, b"raw"]


async def test_history_shows_the_key_and_nothing_else(keyring: Keyring) -> None:
    (payload,) = await converter_of(keyring).encode([Note("low tide at noon")])
    assert payload.metadata["encoding"] == ENCODING
    assert payload.metadata[KEY_ID] == keyring.primary_key_id.encode()
    assert payload.metadata[WORKFLOW_ID] == HERE.encode()
    assert set(payload.metadata) == {"encoding", KEY_ID, WORKFLOW_ID}
    assert b"low tide" not in payload.SerializeToString()


async def test_old_payloads_are_read_after_a_rotation(keyring: Keyring) -> None:
    old = await converter_of(keyring).encode(["before"])
    extended = Keyring.from_json(keyring.with_new_key())
    rotated = Keyring.from_json(extended.with_newest_primary())
    converter = converter_of(rotated)
    new = await converter.encode(["after"])
    assert new[0].metadata[KEY_ID] != old[0].metadata[KEY_ID]
    assert await converter.decode([*old, *new]) == ["before", "after"]


async def test_a_key_that_is_gone_opens_nothing(keyring: Keyring) -> None:
    payloads = await converter_of(keyring).encode(["mine"])
    stranger = converter_of(Keyring.from_json(create_keyset()))
    with pytest.raises(CastlineError, match="does not open"):
        await stranger.decode(payloads)


@pytest.mark.parametrize("position", [0, 7, -1])
async def test_a_changed_payload_is_refused(keyring: Keyring, position: int) -> None:
    converter = converter_of(keyring)
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
        await converter_of(keyring).decode([foreign])


async def test_a_payload_in_clear_is_refused(keyring: Keyring) -> None:
    (sealed,) = await converter_of(keyring).encode(["ours"])
    for encoding in (b"json/plain", b"binary/null", b"binary/plain", b""):
        plain = Payload(metadata={"encoding": encoding}, data=b'"by hand"')
        with pytest.raises(CastlineError) as caught:
            await converter_of(keyring).decode([sealed, plain])
        assert caught.value.code == "payload_not_sealed"


async def test_what_the_server_says_of_an_activity_that_never_began_is_let_through(
    keyring: Keyring,
) -> None:
    not_started = Payload(metadata={"encoding": b"json/plain"}, data=b'"ACTIVITY_ID_NOT_STARTED"')
    assert await converter_of(keyring).decode([not_started]) == ["ACTIVITY_ID_NOT_STARTED"]


async def test_a_payload_of_another_workflow_is_refused(keyring: Keyring) -> None:
    (payload,) = await converter_of(keyring, "assignment/asg_2").encode(["theirs"])
    with pytest.raises(CastlineError) as caught:
        await converter_of(keyring).decode([payload])
    assert caught.value.code == "payload_of_another_workflow"


async def test_the_name_of_the_workflow_cannot_be_changed(keyring: Keyring) -> None:
    (payload,) = await converter_of(keyring, "assignment/asg_2").encode(["theirs"])
    payload.metadata[WORKFLOW_ID] = HERE.encode()
    with pytest.raises(CastlineError) as caught:
        await converter_of(keyring).decode([payload])
    assert caught.value.code == "seal_broken"
    del payload.metadata[WORKFLOW_ID]
    with pytest.raises(CastlineError):
        await converter_of(keyring).decode([payload])


async def test_the_runs_of_a_schedule_share_what_it_was_made_with(keyring: Keyring) -> None:
    made = await converter_of(keyring, "care").encode(["argument"])
    run = converter_of(keyring, "care-2026-11-29T23:15:00Z")
    assert await run.decode(made) == ["argument"]
    result = await run.encode(["result"])
    following = converter_of(keyring, "care-2026-11-29T23:30:00Z")
    assert await following.decode(result) == ["result"]
    with pytest.raises(CastlineError):
        await converter_of(keyring, "careless-2026-11-29T23:30:00Z").decode(made)


async def test_a_time_behind_another_workflows_id_makes_no_schedule_of_it(
    keyring: Keyring,
) -> None:
    payloads = await converter_of(keyring).encode(["ours"])
    with pytest.raises(CastlineError) as caught:
        await converter_of(keyring, f"{HERE}-2026-11-29T23:15:00Z").decode(payloads)
    assert caught.value.code == "payload_of_another_workflow"


async def test_without_a_workflow_nothing_is_sealed_or_opened(keyring: Keyring) -> None:
    payloads = await converter_of(keyring).encode(["bound"])
    for converter in (make_data_converter(keyring), converter_of(keyring, "")):
        with pytest.raises(CastlineError):
            await converter.encode(["loose"])
        with pytest.raises(CastlineError):
            await converter.decode(payloads)


async def test_a_secret_in_an_argument_fails_the_call(keyring: Keyring) -> None:
    converter = converter_of(keyring)
    with pytest.raises(TypeError):
        await converter.encode([Secret("ya29.token")])
    with pytest.raises(TypeError):
        await converter.encode([{"token": Secret("ya29.token")}])


async def test_the_words_of_a_failure_are_sealed_too(keyring: Keyring) -> None:
    converter = converter_of(keyring)
    failure = Failure()
    await converter.encode_failure(ApplicationError("the harbour is closed", "north"), failure)
    assert b"harbour" not in failure.SerializeToString()
    assert b"north" not in failure.SerializeToString()
    back = await converter.decode_failure(failure)
    assert isinstance(back, ApplicationError)
    assert (back.message, back.details) == ("the harbour is closed", ("north",))


async def test_the_web_ui_reads_what_a_worker_wrote(keyring: Keyring) -> None:
    sealed = await converter_of(keyring).encode([Note("for the operator"), "second"])
    body = json_format.MessageToJson(Payloads(payloads=sealed)).encode()
    answer = json_format.Parse(decode_json(body, keyring), Payloads())
    assert [json.loads(payload.data) for payload in answer.payloads] == [
        {"text": "for the operator"},
        "second",
    ]
    for payload in answer.payloads:
        assert payload.metadata[WORKFLOW_ID] == HERE.encode()
        assert payload.metadata["encoding"] == b"json/plain"


def test_the_web_ui_gets_what_is_in_clear_as_it_was(keyring: Keyring) -> None:
    attribute = Payload(metadata={"encoding": b"json/plain", "type": b"Keyword"}, data=b'"x"')
    body = json_format.MessageToJson(Payloads(payloads=[attribute])).encode()
    answer = json_format.Parse(decode_json(body, keyring), Payloads())
    assert answer.payloads[0] == attribute


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b'{"payloads": 3}', b'{"payload": []}', b"\xff\xfe", b"null"],
)
def test_a_body_of_another_shape_is_the_callers_mistake(keyring: Keyring, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_json(body, keyring)


@pytest.mark.parametrize("data", [b"", b"\0", b"\1" * 200])
def test_a_payload_that_no_key_opens_is_no_fault_of_the_api(keyring: Keyring, data: bytes) -> None:
    forged = Payload(metadata={"encoding": ENCODING, WORKFLOW_ID: HERE.encode()}, data=data)
    body = json_format.MessageToJson(Payloads(payloads=[forged])).encode()
    with pytest.raises(InvalidRequest) as caught:
        decode_json(body, keyring)
    assert caught.value.code == "seal_broken"
