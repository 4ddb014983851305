"""Which caption format a text has."""

import time

import pytest

from media.captions import recognise_captions
from testkit.pictures import SRT, VTT

TTML = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<tt xml:lang="en" xmlns="http://www.w3.org/ns/ttml"><body><div><p>Flour</p></div></body></tt>"""
XXE = b"""<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<tt xmlns="http://www.w3.org/ns/ttml">&x;</tt>"""


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (SRT, "application/x-subrip"),
        (SRT.replace(b"\n", b"\r\n"), "application/x-subrip"),
        (b"\xef\xbb\xbf" + SRT, "application/x-subrip"),
        ("1\n00:00:00,000 --> 00:00:01,000\nGrüße\n".encode("utf-16"), "application/x-subrip"),
        (SRT.removeprefix(b"1\n"), "application/x-subrip"),
        (VTT, "text/vtt"),
        (b"WEBVTT", "text/vtt"),
        (b"WEBVTT - a title\n\n" + VTT[8:], "text/vtt"),
        (b"0:00:00.000,0:00:01.000\nFlour\n", "text/x-subviewer"),
        (b"Scenarist_SCC V1.0\n\n00:00:00:00\t9420 9420\n", "text/x-scc"),
        (TTML, "application/ttml+xml"),
        (b"<SAMI><HEAD></HEAD><BODY></BODY></SAMI>", "application/x-sami"),
    ],
)
def test_captions_are_known_by_their_text(content: bytes, media_type: str) -> None:
    assert recognise_captions(content) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Flour\n",
        b'{"primaryKeyId": 7, "key": []}',
        b"SQLite format 3\0" + bytes(100),
        b"root:x:0:0:root:/root:/bin/bash\n",
        b"WEBVTTX\n",
        b"WEBVTT\n\0",
        b"1\n00:00 --> 00:01\nFlour\n",
        "1\n00:00:00,000 --> 00:00:01,000\nGrüße\n".encode("latin-1"),
        b"<html><body>WEBVTT</body></html>",
        b"<tt>no namespace</tt>",
        XXE,
    ],
)
def test_any_other_text_is_no_captions(content: bytes) -> None:
    assert recognise_captions(content) is None


def test_a_text_made_to_take_long_does_not() -> None:
    began = time.process_time()
    for content in (
        b"<" + b"!--" * 1_000_000,
        b"<tt " + b"xmlns='" * 1_000_000,
        b"1" * 1_000_000,
        b"0" * 100 + b":" * 1_000_000,
        b"<!--" + b"-" * 1_000_000 + b"-->" + b" " * 1_000_000,
    ):
        assert recognise_captions(content) is None
    assert time.process_time() - began < 5
