"""Addresses that a caller may name and we must not visit."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from domain.errors import SourceUnusable
from media.https import open_https
from media.open import open_found
from media.policy import SourcePolicy
from tests.support.origin import Origin


def refused(url: str, policy: SourcePolicy = SourcePolicy()) -> bool:  # noqa: B008
    with pytest.raises(SourceUnusable) as raised:
        open_https(url, policy=policy)
    assert "secret" not in raised.value.sentence
    return raised.value.code == "source_not_allowed"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "[64:ff9b:1::7f00:1]",
        "[fec0::1]",
        "[::ffff:0:127.0.0.1]",
        "[3fff::1]",
        "[2606:4700::5efe:7f00:1]",
        "[2606:4700::200:5efe:7f00:1]",
        "192.0.0.8",
        "localhost",
    ],
)
def test_no_address_but_a_public_one_is_visited(host: str) -> None:
    assert refused(f"https://{host}/video.mp4?signature=secret")


def test_a_name_that_leads_to_a_private_address_is_not_visited(origin: Origin) -> None:
    port = urlsplit(origin.url).port
    assert port is not None
    assert refused(origin.url, SourcePolicy(ports=frozenset({port})))
    assert origin.asked == []


def test_a_redirect_to_a_metadata_service_is_not_followed(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.refusals.append((302, "https://169.254.169.254/latest/meta-data/"))
    assert refused(origin.url, at_home)


def test_a_port_that_is_not_allowed_is_not_visited() -> None:
    assert refused("https://example.com:9200/_search?signature=secret")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.mp4",
        "https://user:secret@example.com/a.mp4",
        "https:///a.mp4",
        "https://example.com:port/a.mp4",
        "https://[::1/a.mp4",
        "https://a..b/a.mp4",
        "https://./a.mp4",
        "https://\u2024/a.mp4",
        "https://a\x00b.example/a.mp4",
        "https://example.com:0/a.mp4",
        "https://" + "a" * 70 + ".example/a.mp4",
        "https://" + "a." * 150 + "example/a.mp4",
    ],
)
def test_what_is_not_a_plain_https_url_is_not_visited(url: str) -> None:
    assert refused(url)


@pytest.mark.parametrize(
    "url",
    [
        "gopher://example.com/a.mp4?signature=secret",
        "dict://example.com/a.mp4",
        "ftp://example.com/a.mp4",
        "data:video/mp4;base64,AAAA",
        "concat:/srv/a.mp4",
        "/srv/a.mp4",
        "",
    ],
)
def test_any_other_scheme_is_no_source(url: str) -> None:
    everything = SourcePolicy(roots=(Path("/"),), allow_private=True)
    with pytest.raises(SourceUnusable) as raised:
        open_found(url, policy=everything)
    assert raised.value.code == "source_not_allowed"
    assert "secret" not in raised.value.sentence
