"""One try to deliver through a proxy, which is asked for the address that was judged."""

import ssl
from collections.abc import Iterator

import pytest

from activities.telling.sending import Message, Sender
from domain.secrets import Secret
from domain.states import DeliveryAnswer
from tests.support.connect_proxy import ConnectProxy
from tests.support.receiver import Receiver
from transport.proxies import Proxies, choose_proxies

pytestmark = pytest.mark.usefixtures("trusted")

SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


async def send(proxies: Proxies, url: str, *, allow_private: bool = True) -> DeliveryAnswer:
    sender = Sender(allow_private=allow_private, proxies=proxies)
    reply = await sender.send(Message("evt_1", "{}", url, [SECRET], "wsp_1"))
    assert reply is not None
    return reply.answer


async def test_the_proxy_is_asked_for_an_address_and_the_endpoint_sees_its_name(
    receiver: Receiver,
) -> None:
    with ConnectProxy(user="u", password="p@ss") as proxy:
        proxies = choose_proxies(f"http://u:p%40ss@127.0.0.1:{proxy.port}", {})
        assert await send(proxies, receiver.url) is DeliveryAnswer.DELIVERED
    # `localhost` may have another address first: then the proxy got nowhere with that one.
    assert proxy.asked[-1] == f"127.0.0.1:{receiver.port}"
    assert not any("localhost" in head for head in proxy.heads)
    (webhook,) = receiver.webhooks
    assert webhook.headers["host"] == f"localhost:{receiver.port}"
    assert not any(name.startswith("proxy-") for name in webhook.headers)


async def test_a_certificate_is_checked_against_the_name_behind_the_proxy(
    tls: ssl.SSLContext,
) -> None:
    with Receiver(tls=tls) as receiver, ConnectProxy() as proxy:
        assert await send(proxy.proxies(), receiver.url) is DeliveryAnswer.DELIVERED
        other_name = receiver.url.replace("localhost", "127.0.0.1")
        assert await send(proxy.proxies(), other_name) is DeliveryAnswer.UNTRUSTED
        assert len(receiver.webhooks) == 1


async def test_a_proxy_may_be_reached_by_tls(tls: ssl.SSLContext) -> None:
    with Receiver(tls=tls) as receiver, ConnectProxy(tls=tls) as proxy:
        assert await send(proxy.proxies(), receiver.url) is DeliveryAnswer.DELIVERED
        assert proxy.asked


async def test_a_proxy_that_cannot_be_trusted_gets_nothing(
    receiver: Receiver, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with ConnectProxy(tls=tls, user="u", password="geheim") as proxy:
        assert await send(proxy.proxies(), receiver.url) is DeliveryAnswer.UNREACHABLE
        assert proxy.heads == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "0x7f.1"])
async def test_a_proxy_is_asked_for_nothing_that_is_not_allowed(host: str) -> None:
    url = f"https://{host}/hook"
    with ConnectProxy() as proxy:
        answer = await send(proxy.proxies(), url, allow_private=False)
        assert answer is DeliveryAnswer.NOT_ALLOWED
        if host != "localhost":  # a literal address is judged in any case
            answer = await send(proxy.proxies(resolves=True), url, allow_private=False)
            assert answer is DeliveryAnswer.NOT_ALLOWED
        assert proxy.heads == []


async def test_a_proxy_that_enforces_the_policy_is_asked_for_the_name(tls: ssl.SSLContext) -> None:
    names = {"hook.invalid": "127.0.0.1"}  # nobody else finds it
    with Receiver(tls=tls) as receiver, ConnectProxy(names=names) as proxy:
        url = receiver.url.replace("localhost", "hook.invalid")
        assert await send(proxy.proxies(), url) is DeliveryAnswer.UNREACHABLE
        assert await send(proxy.proxies(resolves=True), url) is DeliveryAnswer.DELIVERED
        assert proxy.asked == [f"hook.invalid:{receiver.port}"]


@pytest.mark.parametrize(
    ("status", "answer", "is_logged"),
    [
        (403, DeliveryAnswer.NOT_ALLOWED, False),
        (407, DeliveryAnswer.UNREACHABLE, True),
        (502, DeliveryAnswer.UNREACHABLE, True),
    ],
)
async def test_what_the_proxy_refuses_is_the_operators_to_see(
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    status: int,
    answer: DeliveryAnswer,
    is_logged: bool,
) -> None:
    with ConnectProxy(status=status, user="u", password="geheim") as proxy:
        assert await send(proxy.proxies(), receiver.url) is answer
    assert (f"CASTLINE_WEBHOOK_PROXY: the proxy answered {status}" in caplog.text) is is_logged
    assert "geheim" not in caplog.text
    assert receiver.webhooks == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://none.invalid:3128"])
async def test_a_proxy_that_is_not_there_is_the_operators_to_see(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    proxies = choose_proxies(url, {}, exceptions="none")
    there = "http://93.184.216.34/hook" if "invalid" in url else receiver.url
    assert await send(proxies, there) is DeliveryAnswer.UNREACHABLE
    assert "CASTLINE_WEBHOOK_PROXY: the proxy does not answer" in caplog.text
