"""Images and captions that are what they say, made without a library."""

import struct
import zlib


def png(width: int = 64, height: int = 36, *, padding: int = 0) -> bytes:
    """A whole PNG; `padding` are so many bytes in a text chunk of it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80\x20\x20" * 64 for _ in range(36)))
    text = [_chunk(b"tEXt", b"Comment\0" + b"x" * padding)] if padding else []
    parts = [_chunk(b"IHDR", header), *text, _chunk(b"IDAT", rows), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(width: int = 64, height: int = 36, *, exif: bytes = b"") -> bytes:
    """The headers of a JPEG, a scan of nothing and its end: as much as is looked at."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\x01\x01\x00\x00\x3f\x00"
    segments = [(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"), (0xE1, exif), (0xC0, frame)]
    told = b"".join(_segment(kind, body) for kind, body in segments if body)
    return b"\xff\xd8" + told + _segment(0xDA, scan) + b"\x2a" * 100 + b"\xff\xd9"


SRT = b"1\n00:00:00,000 --> 00:00:01,000\nFlour\n"
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nFlour\n"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _segment(kind: int, body: bytes) -> bytes:
    return b"\xff" + bytes([kind]) + struct.pack(">H", len(body) + 2) + body
