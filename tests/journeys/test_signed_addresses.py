"""A signed address is a permission: it lies in clear in no table, no log and no history."""

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from testkit.clips import CLIP
from testkit.emulator import Emulator
from testkit.pictures import jpeg
from tests.support import leaks
from tests.support.devserver import DevServer
from tests.support.origin import Origin
from tests.support.receiver import Receiver
from tests.support.stack import Stack, eventually, running_stack

PICTURE = jpeg()
KINDS = ("source", "replaced", "callback", "endpoint", "thumbnail")
CANARIES = {kind: f"CANARY{kind}0123456789abcdef" for kind in KINDS}


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    authority = trustme.CA()
    certificates = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(certificates))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with Origin(CLIP.read_bytes(), tls=context) as origin:
        yield origin


@pytest.fixture
async def stack(tmp_path: Path, emulator: Emulator, server: DevServer) -> AsyncIterator[Stack]:
    """An installation of its own, Temporal's database included."""
    async with running_stack(tmp_path, emulator, server.address) as stack:
        yield stack


def signed(address: str, kind: str) -> str:
    return f"{address.partition('?')[0]}?X-Amz-Signature={CANARIES[kind]}"


async def test_no_signed_address_lies_in_clear(
    stack: Stack, origin: Origin, tmp_path: Path
) -> None:
    tenant = await stack.tenant("signed")
    connection_id = await tenant.connection()
    with Receiver() as receiver, Origin(PICTURE) as pictures, leaks.listening() as logs:
        endpoint = await tenant.ask(
            "POST", "/api/v1/webhooks/endpoints", {"url": signed(receiver.url, "endpoint")}
        )
        order = {
            "connectionId": connection_id,
            "mediaUrl": signed(origin.url, "source"),
            "callbackUrl": signed(receiver.url, "callback"),
            "payload": {"title": "Bread", "thumbnailUrl": signed(pictures.url, "thumbnail")},
            "idempotencyKey": "once",
        }
        assignment = await tenant.ask("POST", "/api/v1/assignments", order)
        again = await tenant.ask("POST", "/api/v1/assignments", order)
        published = await tenant.until(assignment["id"], "published")

        async def paths() -> set[str]:
            return {webhook.path for webhook in receiver.webhooks}

        await eventually(paths, lambda seen: len(seen) == 2)

    # Its workspace sees each of them, and each was used.
    assert again == assignment
    assert published["warnings"] == {}
    assert published["callbackUrl"] == order["callbackUrl"]
    assert published["payload"] == order["payload"]
    video = await tenant.ask("GET", f"/api/v1/videos/{published['videoId']}")
    assert video["sourceUrl"] == order["mediaUrl"]
    found = await tenant.ask("GET", f"/api/v1/webhooks/endpoints/{endpoint['id']}")
    assert found["url"] == signed(receiver.url, "endpoint")
    assert any(CANARIES["thumbnail"] in target for target in pictures.targets)

    hay = await leaks.workflows(stack.client, stack.parts.keyring)
    hay |= leaks.files(tmp_path) | {"log": logs.data}
    assert {"castline.db", "castline.db-wal", "temporal.db"} <= hay.keys()
    assert any(name.startswith("history of assignment/") for name in hay)
    assert leaks.found(CANARIES, hay) == set()
    # The title is kept in clear, to be searched: the walk finds what is there.
    assert leaks.found({"title": "Bread"}, hay)


async def test_a_failure_quotes_no_signed_address(
    stack: Stack, origin: Origin, tmp_path: Path
) -> None:
    tenant = await stack.tenant("refused")
    connection_id = await tenant.connection()
    with Receiver() as receiver, leaks.listening() as logs:
        body = {"sourceUrl": signed(origin.url, "source")}
        video = await tenant.ask("POST", "/api/v1/videos", body)
        origin.refusals.extend([(403, "")] * 50)
        receiver.answers.extend([503] * 50)
        refused = await tenant.ask("POST", "/api/v1/videos", body, status=400)
        assignment = await tenant.ask(
            "POST",
            "/api/v1/assignments",
            {
                "connectionId": connection_id,
                "videoId": video["id"],
                "callbackUrl": signed(receiver.url, "callback"),
                "payload": {"title": "Bread"},
            },
        )
        await tenant.until(assignment["id"], "failed", "waiting")
        origin.refusals.clear()
        replaced = {"mediaUrl": signed(origin.url, "replaced")}
        await tenant.ask("PATCH", f"/api/v1/assignments/{assignment['id']}", replaced)
        await tenant.until(assignment["id"], "published")

        async def came() -> int:
            return len(receiver.webhooks)

        await eventually(came)
    timeline = await tenant.ask("GET", f"/api/v1/assignments/{assignment['id']}/timeline")

    hay = await leaks.workflows(stack.client, stack.parts.keyring)
    hay |= leaks.files(tmp_path) | {"log": logs.data}
    hay |= {"refusal": str(refused).encode(), "timeline": str(timeline).encode()}
    assert leaks.found(CANARIES, hay) == set()
    assert any(CANARIES["replaced"] in target for target in origin.targets)
