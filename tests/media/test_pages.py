"""A share link leads to a web page, and the error says where the file is."""

import pytest

from domain.errors import Remedy, SourceUnusable
from media.attachments import read_attachment
from media.facts import inspect
from media.https import open_https
from media.open import open_source
from media.pages import looks_like_page, page_error
from media.policy import SourcePolicy
from testkit.clips import CLIP
from tests.support.origin import Origin

PAGE = b"\n<!DOCTYPE html><html><title>summer rain.mp4 - Some Drive</title></html>"


@pytest.mark.parametrize(
    ("url", "host", "help_"),
    [
        ("https://drive.google.com/file/d/1/view", "accounts.google.com", "drive.usercontent."),
        ("https://www.dropbox.com/s/a/b.mp4?dl=0", "www.dropbox.com", "dl=1"),
        ("https://DROPBOX.com/s/a/b.mp4?dl=0", "www.dropbox.com", "dl=1"),
        ("https://1drv.ms/v/s!a", "onedrive.live.com", "downloadUrl"),
        ("https://short.example/a", "onedrive.live.com", "downloadUrl"),
        ("https://acme-my.sharepoint.com/:v:/a", "acme-my.sharepoint.com", "download=1"),
        ("https://we.tl/t-a", "wetransfer.com", "upload the file"),
        ("https://notdropbox.com/a", "notdropbox.com", "link of the file."),
    ],
)
def test_the_error_says_where_the_file_is(url: str, host: str, help_: str) -> None:
    error = page_error(url, host)
    assert (error.code, error.remedy) == ("source_is_a_page", Remedy.CHANGE)
    assert error.sentence.startswith(f"{host} gave a web page instead of the file")
    assert help_ in error.sentence


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (PAGE, True),
        (b"\xef\xbb\xbf<HTML lang=en>", True),
        (b"<head>", True),
        (b"WEBVTT\n\n<html>", False),
        (b'<?xml version="1.0"?><MPD/>', False),
        (CLIP.read_bytes()[:100], False),
        (b"", False),
    ],
)
def test_a_page_is_known_by_its_beginning(head: bytes, is_one: bool) -> None:
    assert looks_like_page(head) is is_one


def refusal(origin: Origin, policy: SourcePolicy) -> str:
    with pytest.raises(SourceUnusable) as raised:
        inspect(origin.url, policy)
    assert "secret" not in raised.value.sentence
    return raised.value.code


@pytest.mark.parametrize("media_type", ["", "text/html; charset=utf-8", "video/mp4"])
def test_a_page_in_the_place_of_a_video_is_called_that(
    origin: Origin, at_home: SourcePolicy, media_type: str
) -> None:
    origin.data, origin.media_type = PAGE, media_type
    assert refusal(origin, at_home) == "source_is_a_page"


def test_a_page_of_unusual_markup_is_known_by_its_type(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.data, origin.media_type = b"Sign in to see this file", "Text/HTML"
    assert refusal(origin, at_home) == "source_is_a_page"


@pytest.mark.parametrize("behaviour", [{"sized": False}, {"coding": "gzip"}])
def test_a_page_is_called_that_also_where_something_else_is_wrong(
    origin: Origin, at_home: SourcePolicy, behaviour: dict[str, object]
) -> None:
    origin.data, origin.media_type, origin.ranges = PAGE, "text/html", False
    for name, value in behaviour.items():
        setattr(origin, name, value)
    assert refusal(origin, at_home) == "source_is_a_page"


def test_a_video_that_a_script_calls_a_page_is_a_video(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.data, origin.media_type = CLIP.read_bytes(), "text/html"
    assert inspect(origin.url, at_home).width == 320


def test_a_page_in_the_place_of_what_was_registered_is_called_that(
    origin: Origin, at_home: SourcePolicy
) -> None:
    pin = open_https(origin.url, policy=at_home).pin
    source = open_source(origin.url, pin=pin, policy=at_home)
    origin.data, origin.media_type = PAGE, "text/html"
    source.seek(10)
    with pytest.raises(SourceUnusable) as raised:
        source.read_into(memoryview(bytearray(10)))
    assert raised.value.code == "source_is_a_page"


def test_a_page_in_the_place_of_a_thumbnail_is_called_that(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.data = PAGE
    with pytest.raises(SourceUnusable) as raised:
        read_attachment(at_home, origin.url, at_most=1000)
    assert raised.value.code == "source_is_a_page"
