"""What is sent to the API: each attack is one request or a few, made from one random generator.

An attack never fails by itself: its client judges status and time of each answer, and an API
that hangs up on nonsense is right to do so.
"""

import asyncio
import base64
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from fuzz.client import ORIGIN_SECONDS, Client
from fuzz.mutations import disguise_path, mutate, mutate_json, query, referring
from fuzz.target import CAPTIONS, CLIPS, HOSTILE, PICTURES

Attack = Callable[[Client, random.Random], Awaitable[None]]

HEAD_SECONDS = 40.0
"""A head or a body that does not end is waited for: slow clients have a timeout of their own."""
_UPLOAD_BYTES = 1 << 20


async def clip_as_file(client: Client, rng: random.Random) -> None:
    """A broken video in a folder that may be published from."""
    with client.target.written(_clip(rng), _ending(rng)) as path:
        await client.ask("POST", "/api/v1/videos", {"sourceUrl": path.as_uri()})


async def clip_of_origin(client: Client, rng: random.Random) -> None:
    """A broken video at an origin that may be slow, silent or wrong about its length."""
    client.bound = ORIGIN_SECONDS
    await client.ask("POST", "/api/v1/videos", {"sourceUrl": _served(client, rng, _clip(rng))})


async def clip_by_upload(client: Client, rng: random.Random) -> None:
    """A broken video through the resumable intake."""
    await _register_upload(client, rng, _clip(rng)[:_UPLOAD_BYTES])


async def reference(client: Client, rng: random.Random) -> None:
    """A manifest or movie that names the canaries, by every way in."""
    data = _referring(client, rng)
    match rng.randrange(3):
        case 0:
            with client.target.written(data, _ending(rng)) as path:
                await client.ask("POST", "/api/v1/videos", {"sourceUrl": path.as_uri()})
        case 1:
            client.bound = ORIGIN_SECONDS
            body = client.target.assignment(rng, mediaUrl=_served(client, rng, data))
            await client.ask("POST", "/api/v1/assignments", body)
        case _:
            await _register_upload(client, rng, data)


async def forbidden_source(client: Client, rng: random.Random) -> None:
    """A file or an upload that is not the workspace's, as a video, thumbnail or captions."""
    target = client.target
    path = rng.choice((*target.forbidden, *map(str, target.canaries.files.values())))
    upload = rng.choice((target.foreign_upload, f"../{target.foreign_upload}", path))
    with target.linked(path) as link:
        address = rng.choice(
            (disguise_path(rng, str(target.media), path), link.as_uri(), f"upload:{upload}")
        )
        route, body = rng.choice(
            (
                ("/api/v1/videos", {"sourceUrl": address}),
                ("/api/v1/assignments", target.assignment(rng, mediaUrl=address)),
                ("/api/v1/assignments", _with_attachments(client, rng, address)),
            )
        )
        client.refused(await client.ask("POST", route, body), f"a forbidden source by {route}")


async def attachment(client: Client, rng: random.Random) -> None:
    """A thumbnail or captions that are broken, or something else."""
    data = mutate(rng, rng.choice(PICTURES + CAPTIONS), faults=2)
    if rng.random() < 0.2:
        data = _referring(client, rng)
    with client.target.written(data, rng.choice((".jpg", ".png", ".srt"))) as path:
        address = path.as_uri()
        if rng.random() < 0.5:
            client.bound = ORIGIN_SECONDS
            address = _served(client, rng, data)
        body = _with_attachments(client, rng, address)
        await client.ask("POST", "/api/v1/assignments", body)


async def json_body(client: Client, rng: random.Random) -> None:
    """A body with one part that is not as it should be."""
    method, path, body = rng.choice(client.target.bodies(rng))
    broken = mutate_json(rng, body)
    with suppress(UnicodeEncodeError):
        text = json.dumps(broken, ensure_ascii=rng.random() < 0.8).encode()
        if rng.random() < 0.1:
            text = mutate(rng, text or b"{}")
        await client.ask(method, path, content=text[: 2 << 20])


async def address(client: Client, rng: random.Random) -> None:
    """A path or a query with a part that is not as it should be, or a key that is none."""
    method, path, _ = rng.choice(client.target.bodies(rng))
    if rng.random() < 0.6:
        method, path = "GET", rng.choice(client.target.places())
    methods = [method, method, "GET", "PUT", "PROPFIND", "OPTIONS"]
    if rng.random() < 0.4:
        path = f"/{quote(mutate(rng, path.encode()), safe=rng.choice(('/', '/?=&%')))}"[:8_000]
        methods.append("DELETE")
    else:
        path = query(rng, path)
    headers = {}
    if rng.random() < 0.1:
        key = mutate(rng, client.target.key.encode())[:10_000]
        headers = {"Authorization": f"Bearer {quote(key)}"}
    await client.ask(rng.choice(methods), path, headers=headers)


async def head(client: Client, rng: random.Random) -> None:
    """Bytes that are no proper head of a request, or far too much of one."""
    client.bound = HEAD_SECONDS
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
            [b"GET /api/v1/videos HTTP/1.1", b"Host: a", b"X-Forwarded-For: " + rng.randbytes(20)],
            [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(64)],
            [mutate(rng, b"GET /api/v1/videos HTTP/1.1\r\nHost: a\r\nAccept: */*")],
            [
                mutate(
                    rng, b"POST /api/v1/videos HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
                )
            ],
        )
    )
    data = b"\r\n".join(lines) + b"\r\n\r\n"
    await client.raw(data, rng.choice((len(data), 1 << 16, 4096)))


async def tus(client: Client, rng: random.Random) -> None:
    """The resumable intake, out of order and with untrue numbers."""
    size = rng.choice((0, 1, 100, 100, 1 << 16, 2**40, 2**53, 2**60, -1, "x"))
    name = rng.choice(("a.mp4", "", "x" * 300, "../../a", "\u202e.mp4", "a\0b", "\U0001f600" * 90))
    metadata = f"filename {base64.b64encode(name.encode()).decode()}".strip()
    if rng.random() < 0.3:
        metadata = rng.choice(("filename", "filename !!!", "a b,c d", "filename " + "QQ==" * 900))
    where = await _announce(client, size, metadata)
    if where is None:
        return
    for _ in range(rng.randint(1, 4)):
        piece = rng.randbytes(rng.choice((0, 1, 100, 1 << 16)))
        offset = rng.choice((0, 0, 0, 1, 100, -1, 2**53, "x"))
        method = rng.choice(("PATCH", "PATCH", "PATCH", "HEAD", "DELETE"))
        await asyncio.gather(
            *(
                client.tus(method, where, piece if method == "PATCH" else b"", Upload_Offset=offset)
                for _ in range(rng.choice((1, 1, 2)))
            )
        )
    await client.tus("DELETE", where)


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        *(clip_as_file, clip_of_origin, clip_by_upload, reference, forbidden_source),
        *(attachment, json_body, address, head, tus),
    )
}


def _clip(rng: random.Random) -> bytes:
    share = rng.random()
    if share < 0.02:
        return rng.choice(HOSTILE)  # as they are
    return mutate(rng, rng.choice(HOSTILE if share < 0.1 else CLIPS))


def _referring(client: Client, rng: random.Random) -> bytes:
    canaries = client.target.canaries
    path = rng.choice(list(canaries.files.values()))
    return referring(rng, CLIPS[0], str(path), canaries.url)


def _served(client: Client, rng: random.Random, data: bytes) -> str:
    canaries = client.target.canaries
    place = rng.choice((canaries.files["clip"].as_uri(), f"gopher:{canaries.url[5:]}"))
    return client.target.origin.serve(data, rng, elsewhere=place)


def _with_attachments(client: Client, rng: random.Random, url: str) -> dict[str, Any]:
    track = {"url": url, "language": "en", "name": "A"}
    named = rng.choice(({"thumbnailUrl": url}, {"captions": [track]}))
    youtube = client.target.connections[0]
    payload = {"title": "A clip", **named}
    return client.target.assignment(rng, connectionId=youtube, payload=payload)


async def _announce(client: Client, size: object, metadata: str = "") -> str | None:
    """The path of a new upload; None when it is refused."""
    path = "/api/v1/videos/files"
    made = await client.tus("POST", path, Upload_Length=size, Upload_Metadata=metadata)
    location = made.headers.get("location") if made is not None else None
    return None if location is None else urlsplit(location).path


async def _register_upload(client: Client, rng: random.Random, data: bytes) -> None:
    where = await _announce(client, len(data))
    if where is None:
        return
    await client.tus("PATCH", where, data, Upload_Offset=0)
    await client.ask("POST", "/api/v1/videos", {"uploadId": where.rpartition("/")[2]})
    if rng.random() < 0.9:
        await client.tus("DELETE", where)


def _ending(rng: random.Random) -> str:
    return rng.choice((".mp4", ".mov", ".mkv", ".avi", ".ts", ".m3u8", ".mpd", ".ism", ""))
