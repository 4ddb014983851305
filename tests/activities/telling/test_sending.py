"""One try to deliver, against receivers that behave and receivers that do not."""

import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from standardwebhooks import Webhook, WebhookVerificationError

from activities.telling.sending import Message, Reply, Sender
from domain.secrets import Secret
from domain.states import DeliveryAnswer
from tests.support.receiver import Receiver

SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OLD_SECRET = Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
BODY = '{"type":"assignment.published","data":{"name":"Bäckerei"}}'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def at_home() -> Sender:
    """A sender that may reach this machine."""
    return Sender(allow_private=True)


def message(url: str, *secrets: Secret) -> Message:
    return Message("evt_1", BODY, url, secrets or (SECRET,), "wsp_1")


async def send(sender: Sender, sent: Message) -> Reply:
    reply = await sender.send(sent)
    assert reply is not None
    return reply


async def test_the_public_library_verifies_what_is_sent(
    receiver: Receiver, at_home: Sender
) -> None:
    reply = await send(at_home, message(receiver.url))

    assert (reply.answer, reply.status) == (DeliveryAnswer.DELIVERED, 204)
    [webhook] = receiver.webhooks
    assert webhook.path == "/hook?signature=secret"
    assert webhook.body.decode() == BODY
    assert webhook.headers["webhook-id"] == "evt_1"
    assert webhook.headers["content-type"] == "application/json"
    assert webhook.headers["user-agent"].startswith("Castline")
    Webhook(SECRET.reveal()).verify(webhook.body, dict(webhook.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD_SECRET.reveal()).verify(webhook.body, dict(webhook.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET.reveal()).verify(webhook.body + b" ", dict(webhook.headers))


async def test_while_a_secret_is_rotated_either_one_verifies(
    receiver: Receiver, at_home: Sender
) -> None:
    await send(at_home, message(receiver.url, SECRET, OLD_SECRET))
    [webhook] = receiver.webhooks
    for secret in (SECRET, OLD_SECRET):
        Webhook(secret.reveal()).verify(webhook.body, dict(webhook.headers))


@pytest.mark.parametrize("status", [201, 202, 299])
async def test_every_2xx_is_delivered(receiver: Receiver, at_home: Sender, status: int) -> None:
    receiver.status = status
    assert (await send(at_home, message(receiver.url))).answer is DeliveryAnswer.DELIVERED


@pytest.mark.parametrize("status", [304, 400, 401, 404, 429, 500, 503])
async def test_every_other_status_is_a_refusal(
    receiver: Receiver, at_home: Sender, status: int
) -> None:
    receiver.status = status
    reply = await send(at_home, message(receiver.url))
    assert (reply.answer, reply.status) == (DeliveryAnswer.REFUSED, status)


async def test_gone_is_a_word_of_its_own(receiver: Receiver, at_home: Sender) -> None:
    receiver.status = 410
    assert (await send(at_home, message(receiver.url))).answer is DeliveryAnswer.GONE


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(receiver: Receiver, at_home: Sender, status: int) -> None:
    with Receiver() as elsewhere:
        receiver.status, receiver.headers = status, {"Location": elsewhere.url}
        reply = await send(at_home, message(receiver.url))
        assert (reply.answer, reply.status) == (DeliveryAnswer.REFUSED, status)
        assert elsewhere.webhooks == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-5", None), ("9" * 9, None)],
)
async def test_what_a_receiver_asks_for_is_passed_on(
    receiver: Receiver, at_home: Sender, value: str, seconds: int | None
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": value}
    reply = await send(at_home, message(receiver.url))
    assert reply.status == 503
    assert reply.retry_after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",  # a name that leads home
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
    ],
)
async def test_nothing_is_sent_to_an_address_that_is_not_public(
    receiver: Receiver, host: str
) -> None:
    reply = await send(
        Sender(allow_private=False, ports={receiver.port}),
        message(f"https://{host}:{receiver.port}/hook?signature=secret"),
    )
    assert (reply.answer, reply.status) == (DeliveryAnswer.NOT_ALLOWED, None)
    assert receiver.webhooks == []


@pytest.mark.parametrize("allow_private", [False, True])
async def test_nothing_is_sent_to_a_metadata_service(allow_private: bool) -> None:
    for host in ("168.63.129.16", "169.254.169.254", "[::ffff:168.63.129.16]"):
        reply = await send(Sender(allow_private=allow_private), message(f"https://{host}/hook"))
        assert reply.answer is DeliveryAnswer.NOT_ALLOWED


async def test_a_port_that_is_not_allowed_is_not_called() -> None:
    reply = await send(Sender(allow_private=False), message("https://93.184.216.34:6379/hook"))
    assert reply.answer is DeliveryAnswer.NOT_ALLOWED


async def test_plain_http_is_not_spoken(receiver: Receiver) -> None:
    reply = await send(Sender(allow_private=False), message("http://93.184.216.34/hook"))
    assert reply.answer is DeliveryAnswer.NOT_ALLOWED


async def test_nobody_there_is_unreachable(at_home: Sender) -> None:
    for url in ("http://127.0.0.1:1/hook", "https://none.invalid/hook"):
        assert (await send(at_home, message(url))).answer is DeliveryAnswer.UNREACHABLE


async def test_what_nobody_foresaw_is_a_failure_like_others_and_logged_without_its_text(
    at_home: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    """Here: a secret that nothing can be signed with."""
    reply = await send(at_home, message("http://localhost:9/hook?signature=secret", Secret("")))
    assert reply.answer is DeliveryAnswer.UNREACHABLE
    assert "EmptyWebhookSecretError" in caplog.text
    assert "signature" not in caplog.text


async def test_a_receiver_that_drips_does_not_hold_us_up(receiver: Receiver) -> None:
    receiver.drips = True
    began = time.monotonic()
    reply = await send(Sender(allow_private=True, seconds=1), message(receiver.url))
    assert reply.answer is DeliveryAnswer.TIMED_OUT
    assert 1 <= time.monotonic() - began < 2
    assert reply.milliseconds >= 1000


async def test_a_certificate_is_checked_against_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with Receiver(tls=context) as receiver:
        stranger = await send(Sender(allow_private=True), message(receiver.url))
        assert stranger.answer is DeliveryAnswer.UNTRUSTED
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        trusted = Sender(allow_private=True)
        assert (await send(trusted, message(receiver.url))).answer is DeliveryAnswer.DELIVERED
        other_name = receiver.url.replace("localhost", "127.0.0.1")
        assert (await send(trusted, message(other_name))).answer is DeliveryAnswer.UNTRUSTED
        assert len(receiver.webhooks) == 1


def test_a_message_shows_neither_where_it_goes_nor_what_it_says() -> None:
    shown = repr(message("https://example.com/hook?signature=secret"))
    assert "secret" not in shown.replace("secrets=", "")
    assert "whsec" not in shown
    assert "published" not in shown
