"""Transfers on all routes at once, and the worker processes that are ended under them.

One killed worker costs half a minute, the heartbeat timeout of its activities; so the
routes share it. They also share the emulator, whose sessions tell each of them what came,
what was kept and so what was sent twice. Videos here are hollow: nothing of them but their
beginning lies on the disk.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from testkit.clips import MIB, Clip
from testkit.emulator import Emulator
from tests.support.stack import Tenant, eventually

GIB = 1 << 30
HEARTBEAT_TIMEOUT = 30.0
PACE = 32 * MIB
"""Bytes per second: heartbeats of a killed worker are missed within seconds of each other,
and in that time no transfer may come to its end."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way of bytes to a platform, in the emulator's words."""

    name: str
    kind: str | None
    """Of its sessions and videos; YouTube's have none."""
    transfer: str
    """The operation that takes bytes."""
    status: str
    """The operation that tells the offset."""
    type: str
    piece: int
    """Bytes that an end in the middle may cost: what the platform lets go of at most."""


# The worker's default, which is not told another one.
YOUTUBE = Route(
    "YouTube", None, "videos.insert.transfer", "videos.insert.status", "video", 32 * MIB
)
# The range that the emulator asks for by default.
PAGE_VIDEO = Route("Page video", "video", "page_videos.transfer", "video.get", "video", 4 * MIB)
# The upload host keeps every byte as it comes.
REEL = Route("Reel", "reel", "reels.transfer", "video.get", "reel", 0)
ROUTES = (YOUTUBE, PAGE_VIDEO, REEL)


@dataclass(slots=True)
class Sending:
    """A video on its way."""

    route: Route
    clip: Clip
    tenant: Tenant
    assignment_id: str
    _asked: int = 0

    @property
    def emulator(self) -> Emulator:
        return self.tenant.stack.emulator

    async def until(self, share: float) -> None:
        """Wait until so much of the video has come."""
        await eventually(self._received, lambda count: count > share * self.clip.size, within=60)

    async def mark(self) -> None:
        """Remember how often the offset was asked for, before a worker ends in the middle."""
        assert await self._received() < 0.9 * self.clip.size, self.route.name
        self._asked = await self._questions()

    async def until_resumed(self) -> None:
        """Wait until somebody has asked for the offset since the mark, and bytes come again."""
        await eventually(self._questions, lambda count: count > self._asked, within=60)
        so_far = await self._received()
        whole = self.clip.size
        await eventually(self._received, lambda count: count > so_far or count >= whole, within=60)

    @property
    def let_go(self) -> int:
        """Bytes that the platform has got and not kept, and that are therefore sent twice."""
        (session,) = self._sessions()
        count: int = session["received"] - session["stored"]
        return count

    async def _received(self) -> int:
        """What has come of it, bytes that were let go of included; 0 before it has begun."""
        sessions = await asyncio.to_thread(self._sessions)
        return sum(session["received"] for session in sessions)

    async def _questions(self) -> int:
        return await asyncio.to_thread(self.emulator.calls, self.route.status)

    def _sessions(self) -> list[dict[str, Any]]:
        # The two platforms each have a word of their own for the size.
        return [
            session
            for session in self.emulator.state()["sessions"]
            if session.get("kind") == self.route.kind
            and session.get("size", session.get("total")) == self.clip.size
        ]


async def send(tenant: Tenant, connection_id: str, route: Route, clip: Clip) -> Sending:
    """Assign a video that is sent no faster than it can be watched."""
    tenant.stack.emulator.fault(route.transfer, "trickle", bytes_per_second=PACE, times=None)
    assignment = await tenant.assign(connection_id, type=route.type, mediaUrl=clip.url)
    return Sending(route, clip, tenant, assignment["id"])
