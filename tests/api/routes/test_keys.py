"""How an idempotency key may be written, on either surface."""

from typing import Any

import httpx2
import pytest

from tests.support.api import Tenant

ASSIGNMENTS, UPLOAD = "/api/v1/assignments", "/api/youtube/upload/"
WRONG = ["", "two words", "schlüssel", "x" * 201]
LONGEST = "!" + "x" * 198 + "~"


def wanted(tenant: Tenant, path: str) -> dict[str, Any]:
    """A body that would be accepted there."""
    connection, video = tenant.connection(), tenant.video()
    if path == UPLOAD:
        return {"job_id": video.number}
    return {
        "connectionId": connection.id,
        "videoId": video.id,
        "payload": {"title": "Bread"},
    }


async def send(tenant: Tenant, path: str, *keys: str) -> httpx2.Response:
    headers = [(b"Idempotency-Key", key.encode("latin1")) for key in keys]
    return await tenant.http.post(path, json=wanted(tenant, path), headers=headers)


def assert_refused(answer: httpx2.Response, field: str, sentence: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["details"] == {field: [sentence]}


@pytest.mark.parametrize("path", [ASSIGNMENTS, UPLOAD])
@pytest.mark.parametrize("key", WRONG)
async def test_a_header_that_is_no_key_is_400(ours: Tenant, path: str, key: str) -> None:
    answer = await send(ours, path, key)
    sentence = "A key is 1 to 200 visible ASCII characters, without spaces."
    assert_refused(answer, "Idempotency-Key", sentence)


@pytest.mark.parametrize("key", WRONG)
async def test_a_field_that_is_no_key_is_400(ours: Tenant, key: str) -> None:
    body = {**wanted(ours, ASSIGNMENTS), "idempotencyKey": key}
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    sentence = "A key is 1 to 200 visible ASCII characters, without spaces."
    assert_refused(answer, "idempotencyKey", sentence)


@pytest.mark.parametrize("path", [ASSIGNMENTS, UPLOAD])
async def test_two_keys_are_one_too_many(ours: Tenant, path: str) -> None:
    sentence = "There are two of this header, and they differ."
    assert_refused(await send(ours, path, "k", "other"), "Idempotency-Key", sentence)


@pytest.mark.parametrize("path", [ASSIGNMENTS, UPLOAD])
@pytest.mark.parametrize("keys", [("k", "k"), (LONGEST,)])
async def test_one_key_is_taken(ours: Tenant, path: str, keys: tuple[str, ...]) -> None:
    assert (await send(ours, path, *keys)).is_success
