"""Boxes of ISO base media files, written and rewritten."""

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf"})


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return (len(body) + 8).to_bytes(4) + kind + body


def replace_box(data: bytes, kind: bytes, new: bytes) -> bytes:
    """The file with every box of this kind replaced; the lengths around it are right again."""
    written, at = b"", 0
    while at < len(data):
        length, found = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + length]
        if found == kind:
            written += new
        elif found in _CONTAINERS:
            written += box(found, replace_box(body, kind, new))
        else:
            written += data[at : at + length]
        at += length
    return written


def refer_by_dref(clip: bytes, place: str) -> bytes:
    """The clip, whose media data lies elsewhere (a data reference by URL)."""
    entry = box(b"url ", b"\0\0\0\0", place.encode(), b"\0")
    return replace_box(clip, b"dref", box(b"dref", b"\0\0\0\0", b"\0\0\0\1", entry))


def refer_by_rdrf(place: str) -> bytes:
    """A QuickTime reference movie: nothing but the address of another one."""
    name = place.encode() + b"\0"
    reference = box(b"rdrf", b"\0\0\0\0", b"url ", len(name).to_bytes(4), name)
    ftyp = box(b"ftyp", b"qt  \0\0\0\0qt  ")
    return ftyp + box(b"moov", box(b"rmra", box(b"rmda", reference)))
