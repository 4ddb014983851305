"""Hostile input, made from valid input. Pure: the same random generator makes the same input."""

import random
import struct
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from testkit.boxes import refer_by_dref, refer_by_rdrf

_SIZES = (0, 1, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""What a parser of lengths is wrong about: nothing, less than a header, and the largest."""
_PARTS = (
    *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts", b"stsz", b"stco", b"dref", b"udta"),
    *(b"IHDR", b"IDAT", b"tEXt"),
)
"""Boxes of an mp4 and chunks of a PNG: the length stands before the name in both."""
_SCHEMES = ("http", "https", "ftp", "gopher", "dict", "tftp", "rtsp", "smb")
_TEXTS = (
    "",
    " ",
    "\0",
    "\ud800",
    "\u202e\u2066",
    "../../../etc/passwd",
    "A" * 10_000,
    "\U0001f600" * 2_000,
    "<script>alert(1)</script>",
    "'; DROP TABLE video; --",
    "file:///proc/self/environ",
    "upload:00000000-0000-7000-8000-000000000000",
    "-1",
    "1e400",
    "a\r\nb",
    "x" * 200,
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2027-02-30T00:00:00Z",
    "2027-01-01T00:00:00",
    "https://[::1",
    "https://[v1.a]/",
    "http://user:word@127.0.0.1:0/a.mp4",
    "https://127.0.0.1:99999/",
    "https://\u202e.test/",
    "https://" + "a" * 70 + ".test/",
    "http://127.0.0.1\\@host.test/",
    "file://%ff%00",
    "file:///proc/self/fd/0",
    "//",
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    2**200,
    1e308,
    0.1,
    [],
    {},
    [[]],
    *_TEXTS,
)
_PARAMETERS = (
    *("page", "limit", "state", "connectionId", "groupId", "externalId", "platform", "health"),
    *("includeInactive", "finished", "after", "subjectId", "endpointId", "ticket", "code", "error"),
    *("iss", "scope", "redirectUrl"),
)
_MAX_BYTES = 4 << 20


def mutate(rng: random.Random, data: bytes, *, faults: int = 12) -> bytes:
    """A file with one to so many faults; of 4 MiB at most. `data` is not empty."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, faults)):
        rng.choice(_FAULTS)(rng, changed)
        if not changed:
            return data[:1]
    return bytes(changed[:_MAX_BYTES])


def referring(rng: random.Random, clip: bytes, file: str, url: str) -> bytes:
    """A file that names another file or a host: a manifest, often disguised, or a movie."""
    place = rng.choice((file, f"file://{file}", url, elsewhere(rng, url)))
    match rng.randrange(6):
        case 0:
            return refer_by_dref(clip, place)
        case 1:
            return refer_by_rdrf(place)
        case _:
            text = rng.choice(_MANIFESTS).format(place=place).encode()
            return rng.choice(_DISGUISES)(text)


def elsewhere(rng: random.Random, url: str) -> str:
    """The same host and path by another protocol."""
    return f"{rng.choice(_SCHEMES)}{url[url.index(':') :]}"


def disguise_path(rng: random.Random, folder: str, path: str) -> str:
    """A `file:` URL of an absolute path, written as it need not be. `folder` may be read."""
    up = "/.." * folder.count("/")
    return rng.choice(
        (
            f"file://{path}",
            f"file:{path}",
            f"FILE://localhost{path}",
            f"file://{folder}{up}{path}",
            f"file://{folder}/{quote(up, safe='')}{quote(path, safe='')}",
            f"file://{folder}/.{path.replace('/', '//')}",
            f"file://{folder}/clip.mp4%00{path}",
            f"file://{path.replace('/', chr(92))}",
            f"file://{path}#clip.mp4",
            f"file://{path}?a=.mp4",
        )
    )


def query(rng: random.Random, path: str) -> str:
    """A path with a query whose names or values are not as they should be."""
    pairs = []
    for _ in range(rng.randint(1, 4)):
        name = rng.choice((*_PARAMETERS, rng.choice(_TEXTS)[:50]))
        value = str(rng.choice((*_VALUES, "x" * rng.choice((200, 4097)))))[:5000]
        pairs.append(f"{_quoted(rng, name)}={_quoted(rng, value)}")
    return f"{path}?{'&'.join(pairs)}"


def _quoted(rng: random.Random, text: str) -> str:
    encoded = text.encode(errors="surrogatepass")
    return quote(encoded, safe=rng.choice(("", "/?=&;:[]{}")))


def mutate_json(rng: random.Random, value: Any) -> Any:
    """The same JSON with one part replaced, left out, repeated or nested deeply."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        name = rng.choice(list(value))
        changed = dict(value)
        match rng.randrange(4):
            case 0 if rng.random() < 0.5:
                del changed[name]
            case 1 if rng.random() < 0.3:
                changed[rng.choice((*_TEXTS, "extra"))] = rng.choice(_VALUES)
            case _:
                changed[name] = mutate_json(rng, value[name])
        return changed
    if isinstance(value, list) and value and rng.random() < 0.5:
        return [mutate_json(rng, value[0])] * rng.choice((1, 2, 60, 2_000))
    if rng.random() < 0.05:
        return _nested(rng.choice((25, 500)))
    alike = [other for other in _VALUES if type(other) is type(value)]
    # What has the right type comes further.
    return rng.choice(alike if alike and rng.random() < 0.7 else _VALUES)


def _nested(depth: int) -> Any:
    value: Any = "deep"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def _flip(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 4, 64))):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _part(rng: random.Random, data: bytearray) -> int:
    """Where one of the known parts is named; -1 in a file that has none."""
    known = [at for at in map(data.find, _PARTS) if at >= 0]
    return rng.choice(known) if known else -1


def _resize(rng: random.Random, data: bytearray) -> None:
    """Give a box another length."""
    found = _part(rng, data)
    at = found - 4 if found >= 4 else rng.randrange(max(1, len(data) - 4))
    data[at : at + 4] = struct.pack(">I", rng.choice((*_SIZES, rng.randrange(1 << 32))))


def _count(rng: random.Random, data: bytearray) -> None:
    """Give a table another number of entries."""
    found = _part(rng, data)
    at = found + 8 if found >= 0 else rng.randrange(len(data))
    data[at : at + 4] = struct.pack(">I", rng.choice(_SIZES))


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(1, len(data) + 1) :]


def _remove(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 4, 16, 4096))]


def _repeat(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    piece = data[start : start + rng.choice((8, 256, 4096))]
    data[start:start] = piece * rng.choice((1, 2, 50))


def _pad(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at:at] = bytes([rng.choice((0, 255))]) * rng.choice((4, 1024, 65536))


_FAULTS: Sequence[Callable[[random.Random, bytearray], None]] = (
    *(_flip, _flip, _flip, _resize, _resize, _count),
    *(_cut, _remove, _repeat, _pad),
)

_MANIFESTS = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{place}\n#EXT-X-ENDLIST\n",
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="{place}"\n',
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet'
    ' mimeType="video/mp4"><Representation id="1"><BaseURL>{place}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    '<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2" Duration="100"><StreamIndex'
    ' Type="video" Url="{place}"><QualityLevel Index="0" Bitrate="1"/><c d="1"/></StreamIndex>'
    "</SmoothStreamingMedia>",
    '<playlist xmlns="http://xspf.org/ns/0/"><trackList><track><location>{place}</location>'
    "</track></trackList></playlist>",
    '<smil><body><video src="{place}"/></body></smil>',
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{place}">]><a>&b;</a>',
    '<asx version="3.0"><entry><ref href="{place}"/></entry></asx>',
    "[playlist]\nFile1={place}\nNumberOfEntries=1\n",
    "{place}\n",
)

_DISGUISES: Sequence[Callable[[bytes], bytes]] = (
    lambda text: text,
    lambda text: b"\xef\xbb\xbf" + text,
    lambda text: text.decode().encode("utf-16"),
    lambda text: b"\n \t\r\n" + text,
    lambda text: struct.pack(">I", 16) + b"ftypisom\0\0\0\0" + text,
    lambda text: b"\x1a\x45\xdf\xa3" + text,
    lambda text: b"RIFF" + struct.pack("<I", len(text)) + b"AVI " + text,
    lambda text: text + b"\0" * 70_000,
)
