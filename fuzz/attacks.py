"""What is sent to the API: each attack is one request or a few, made from one random generator.

An attack notes every answer with the target. It never fails by itself: an answer is judged by
its status and its time alone, and an API that hangs up on nonsense is right to do so.
"""

import asyncio
import base64
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from urllib.parse import quote, urlsplit

from fuzz.mutations import manifest, mutate, mutate_json
from fuzz.target import Target

Attack = Callable[[Target, random.Random], Awaitable[None]]


async def clip_as_file(target: Target, rng: random.Random) -> None:
    """A broken video in a folder that may be published from."""
    with target.written(mutate(rng, rng.choice(target.clips)), _ending(rng)) as path:
        await target.ask("POST", "/videos", {"sourceUrl": path.as_uri()})


async def clip_of_origin(target: Target, rng: random.Random) -> None:
    """A broken video at an origin that may be slow, silent or wrong about its length."""
    url = target.origin.serve(mutate(rng, rng.choice(target.clips)), rng)
    await target.ask("POST", "/videos", {"sourceUrl": url})


async def clip_by_upload(target: Target, rng: random.Random) -> None:
    """A broken video through the resumable intake."""
    data = mutate(rng, rng.choice(target.clips))[: 1 << 20]
    await _register_upload(target, rng, data)


async def manifest_as_video(target: Target, rng: random.Random) -> None:
    """A playlist that names the canaries, by every way in."""
    data = manifest(rng, str(target.canary.file), target.canary.url)
    match rng.randrange(3):
        case 0:
            with target.written(data, _ending(rng)) as path:
                await target.ask("POST", "/videos", {"sourceUrl": path.as_uri()})
        case 1:
            url = target.origin.serve(data, rng)
            await target.ask("POST", "/assignments", target.assignment(rng, mediaUrl=url))
        case _:
            await _register_upload(target, rng, data)


async def attachment(target: Target, rng: random.Random) -> None:
    """A thumbnail that is broken, something else, or lies where it may not."""
    forbidden = [str(path) for path in target.forbidden]
    data = rng.choice(
        (mutate(rng, target.picture), manifest(rng, str(target.canary.file), target.canary.url))
    )
    with target.written(data, ".jpg") as path:
        address = rng.choice(
            (
                path.as_uri(),
                target.origin.serve(data, rng),
                f"file://{rng.choice(forbidden)}",
                f"{target.media.as_uri()}/../{rng.choice(forbidden)}",
                f"{target.canary.file.as_uri()}",
            )
        )
        payload = {"title": "A clip", "thumbnailUrl": address}
        await target.ask("POST", "/assignments", target.assignment(rng, payload=payload))


async def json_body(target: Target, rng: random.Random) -> None:
    """A body with one part that is not as it should be."""
    method, path, body = rng.choice(target.bodies(rng))
    broken = mutate_json(rng, body)
    with suppress(UnicodeEncodeError):
        text = json.dumps(broken, ensure_ascii=rng.random() < 0.8).encode()
        if rng.random() < 0.1:
            text = mutate(rng, text or b"{}")
        await target.ask(method, path, content=text[: 2 << 20])


async def address(target: Target, rng: random.Random) -> None:
    """A path or a query with a part that is not as it should be."""
    method, path, _ = rng.choice(target.bodies(rng))
    part = quote(mutate(rng, path.encode()), safe="/?=&%" if rng.random() < 0.5 else "/")
    query = rng.choice(("", "?limit=-1", "?page=99999999999", "?cursor=%00", "?state=%ff&limit=a"))
    await target.ask(rng.choice((method, "GET", "DELETE", "PATCH", "PROPFIND")), f"/{part}{query}")


async def head(target: Target, rng: random.Random) -> None:
    """Bytes that are no proper head of a request, or far too much of one."""
    big = rng.choice((100, 10_000, 200_000, 8 << 20))
    lines = rng.choice(
        (
            [b"GET /readyz HTTP/1.1", b"Host: a", b"X: " + b"A" * big],
            [b"GET /" + b"a" * big + b" HTTP/1.1", b"Host: a"],
            [b"GET /readyz HTTP/1.1", b"Host: a", *[b"X-%d: a" % n for n in range(big // 100)]],
            [b"POST /api/v1/videos HTTP/1.1", b"Host: a", b"Content-Length: -1"],
            [
                *(b"POST /api/v1/videos HTTP/1.1", b"Host: a", b"Content-Length: 5"),
                *(b"Transfer-Encoding: chunked", b"", b"0", b"", b"GET /x HTTP/1.1"),
            ],
            [b"GET /readyz HTTP/1.1", b"Host: a", b"Authorization: Bearer " + b"\xff" * 40],
            [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(64)],
            [mutate(rng, b"GET /api/v1/videos HTTP/1.1\r\nHost: a\r\nAccept: */*")],
        )
    )
    await _raw(target, b"\r\n".join(lines) + b"\r\n\r\n", rng)


async def tus(target: Target, rng: random.Random) -> None:
    """The resumable intake, out of order and with untrue numbers."""
    size = rng.choice((0, 1, 100, 2**40, 2**53, 2**60))
    name = rng.choice(("a.mp4", "", "x" * 300, "../../a", "\u202e.mp4", "a\0b", "\U0001f600" * 90))
    metadata = "filename " + base64.b64encode(name.encode()).decode()
    if rng.random() < 0.3:
        metadata = rng.choice(("filename", "filename !!!", "a b,c d", "filename " + "QQ==" * 900))
    made = await target.tus("POST", "/videos/files", Upload_Length=size, Upload_Metadata=metadata)
    location = made.headers.get("location") if made is not None else None
    if location is None:
        return
    where = urlsplit(location).path.removeprefix("/api/v1")
    for _ in range(rng.randint(1, 4)):
        piece = rng.randbytes(rng.choice((0, 1, 100, 1 << 16)))
        offset = rng.choice((0, 0, 0, 1, -1, 2**53, "x"))
        method = rng.choice(("PATCH", "PATCH", "HEAD", "DELETE"))
        await asyncio.gather(
            *(
                target.tus(method, where, piece if method == "PATCH" else b"", Upload_Offset=offset)
                for _ in range(rng.choice((1, 1, 2)))
            )
        )
    await target.tus("DELETE", where)


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        *(clip_as_file, clip_of_origin, clip_by_upload, manifest_as_video),
        *(attachment, json_body, address, head, tus),
    )
}


async def _register_upload(target: Target, rng: random.Random, data: bytes) -> None:
    made = await target.tus("POST", "/videos/files", Upload_Length=len(data))
    location = made.headers.get("location") if made is not None else None
    if location is None:
        return
    where = urlsplit(location).path.removeprefix("/api/v1")
    await target.tus("PATCH", where, data, Upload_Offset=0)
    await target.ask("POST", "/videos", {"uploadId": where.rpartition("/")[2]})
    if rng.random() < 0.9:
        await target.tus("DELETE", where)


async def _raw(target: Target, data: bytes, rng: random.Random) -> None:
    """Send bytes as they are; the status line is noted where one comes."""
    where = urlsplit(target.api)
    began = monotonic()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(30):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            try:
                step = rng.choice((len(data), 1 << 16, 4096))
                for start in range(0, len(data), step):
                    writer.write(data[start : start + step])
                    await writer.drain()
                line = await reader.readline()
            finally:
                writer.close()
        words = line.split()
        if len(words) > 1 and words[1].isdigit():
            target.note("raw", int(words[1]), monotonic() - began)


def _ending(rng: random.Random) -> str:
    return rng.choice((".mp4", ".mov", ".mkv", ".avi", ".ts", ".m3u8", ".mpd", ".ism", ""))
