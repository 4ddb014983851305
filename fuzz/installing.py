"""An installation to attack: two workspaces, one of which is the attacker's."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from chaos.customer import Customer
from chaos.installation import CLIPS as MEDIA
from chaos.installation import Installation, installed
from fuzz.canaries import Canaries, canaries
from fuzz.origin import hostile_origin
from fuzz.target import CAPTIONS, CLIPS, PICTURES, Target
from runtime.parts import build_store
from runtime.settings import Settings
from store.queries import workspaces
from testkit.emulator import Emulator

SETTINGS = {
    "CASTLINE_ALLOW_PRIVATE_SOURCES": "true",
    "CASTLINE_YOUTUBE_MANAGES": "true",
    # The input is to get through; what a workspace may have at a time stays as it is.
    "CASTLINE_RATE_PER_KEY": "1000000",
    "CASTLINE_RATE_PER_ADDRESS": "1000000",
    "CASTLINE_RATE_REFUSED_KEYS": "1000000",
    "CASTLINE_STORAGE_FLOOR_MIB": "64",
}
_FILES = {"clip.mp4": CLIPS[0], "picture.png": PICTURES[0], "captions.srt": CAPTIONS[0]}
"""What lies in the attacker's media root, and in the neighbour's."""


@dataclass(frozen=True)
class Keys:
    neighbour: str
    operator: str


@asynccontextmanager
async def target_in(folder: Path) -> AsyncIterator[tuple[Installation, Target, Keys]]:
    """Everything runs when this begins, and ends with it. Its state is in an empty `folder`."""
    os.environ |= SETTINGS
    (folder / "neighbour").mkdir()
    async with (
        installed(folder, workers=1, database=None, **SETTINGS) as here,
        canaries(folder / "neighbour", _FILES) as birds,
        hostile_origin() as origin,
    ):
        keys = _add_neighbour(folder / "neighbour")
        media = folder / MEDIA
        for name, content in _FILES.items():
            (media / name).write_bytes(content)
        connections = await _connect(here)
        async with _customer(here.api, here.key) as http:
            known = await _prepare(http, connections["youtube"][0], media / "clip.mp4")
        async with _customer(here.api, keys.neighbour) as http:
            upload = await _upload(http, CLIPS[0])
        yield (
            here,
            Target(
                api=here.api,
                key=here.key,
                operator_key=keys.operator,
                media=media,
                connections=[connections["youtube"][0], connections["facebook"][0]],
                known={"connection": connections["youtube"][1], **known},
                canaries=birds,
                forbidden=_forbidden(folder, birds, upload),
                foreign_upload=upload,
                origin=origin,
            ),
            keys,
        )


def _add_neighbour(root: Path) -> Keys:
    store = build_store(Settings())
    with store.write() as session:
        neighbour = workspaces.create_workspace(session, name="neighbour")
        workspaces.add_media_root(session, neighbour.id, folder=root.resolve())
        _, key = workspaces.create_key(session, workspace_id=neighbour.id)
        _, operator = workspaces.create_key(session, workspace_id=None)
    store.close()
    return Keys(key.reveal(), operator.reveal())


def _customer(api: str, key: str) -> httpx2.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.AsyncClient(
        base_url=f"{api}/api/v1", headers=headers, timeout=90, trust_env=False
    )


async def _connect(here: Installation) -> dict[str, list[str]]:
    """The ids of the attacker's connections, by platform."""
    async with Customer(here.api, here.key) as customer:
        with httpx2.Client(base_url=here.emulator, timeout=30, trust_env=False) as plain:
            await customer.connect(Emulator(here.emulator, http=plain))
        found: dict[str, list[str]] = {}
        for row in await customer.connections():
            found.setdefault(row["platform"], []).append(row["id"])
        return found


async def _prepare(http: httpx2.AsyncClient, connection: str, clip: Path) -> dict[str, str]:
    """Make one of each thing that requests name; their ids by kind."""
    hook = str(http.base_url.join("/api/v1/oauth/done"))
    video = await _made(http, "/videos", {"sourceUrl": clip.as_uri()})
    order = {
        "connectionId": connection,
        "videoId": video,
        "payload": {"title": "A"},
        "scheduledAt": "2099-01-01T00:00:00Z",
    }
    return {
        "video": video,
        "assignment": await _made(http, "/assignments", order),
        "endpoint": await _made(http, "/webhooks/endpoints", {"url": hook}),
        "organization": await _made(http, "/organizations", {"name": "An organization"}),
    }


async def _made(http: httpx2.AsyncClient, path: str, body: Any) -> str:
    answer = await http.post(path, json=body)
    answer.raise_for_status()
    made: str = answer.json()["id"]
    return made


async def _upload(http: httpx2.AsyncClient, data: bytes) -> str:
    """Upload a file; return the upload's id."""
    version = {"Tus-Resumable": "1.0.0"}
    length = {"Upload-Length": str(len(data))}
    made = await http.post("/videos/files", headers=version | length)
    made.raise_for_status()
    pieces = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = await http.patch(made.headers["location"], headers=version | pieces, content=data)
    sent.raise_for_status()
    return str(made.headers["location"]).rpartition("/")[2]


def _forbidden(folder: Path, birds: Canaries, upload: str) -> list[str]:
    data = folder / "data"
    (stored,) = (data / "media").glob(f"*/{upload}")
    own = [str(data / name) for name in ("keyset.json", "castline.db")]
    return [*own, str(stored), "/etc/passwd", "/proc/self/environ", *map(str, birds.files.values())]


def keep_only_logs(folder: Path) -> None:
    """Delete everything else of an installation that has ended."""
    for kept in folder.iterdir():
        if kept.is_dir() and kept.name != "logs":
            shutil.rmtree(kept)
