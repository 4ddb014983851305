"""`castline demo`: one real mp4 from consent to published, on this machine alone.

Everything is started as `castline up` does it, on free ports and in a temporary folder; a
consent to each platform is given by a browser without a person; one request publishes the
file to all of them, side by side. What each holds in the end is compared with the file by
its sha256.
"""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import httpx2

from cli.following import describe
from cli.local.consent_form import PERSON, ConsentForm
from cli.local.probes import free_ports
from cli.local.processes import tail
from cli.local.stopping import until_stopped
from cli.local.supervisor import NotReady
from cli.local.up import running
from cli.output import say
from domain.errors import CastlineError
from domain.states import AssignmentState, TicketState
from runtime.parts import build_store
from runtime.settings import Settings
from store.queries import workspaces

CLIP = Path(__file__).with_name("clip.mp4")
_LOOK_SECONDS = 0.1


class DemoFailed(Exception):
    """A step did not end as it should. The message says which."""


async def demo(*, stay: bool) -> int:
    """Run the demo and return the exit code: 0 only if everything came out as promised."""
    with tempfile.TemporaryDirectory(prefix="castline-demo-") as folder:
        data = Path(folder)
        os.environ.update(environment_alone(data))
        show = _Demo(Settings())
        try:
            was_stopped = await until_stopped(show.run(stay=stay))
        except NotReady as trouble:
            say("", *f"The demo failed: {trouble}".split("\n"))
            return 1
        except (DemoFailed, CastlineError, httpx2.HTTPError) as trouble:
            say("", *f"The demo failed: {trouble}".split("\n"))
            _show_logs(data)
            return 1
        return 0 if show.is_done or not was_stopped else 1


class _Demo:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.is_done = False

    async def run(self, *, stay: bool) -> None:
        async with running(self._settings, say) as addresses:
            api = f"{addresses['API']}/api/v1"
            headers = {"Authorization": f"Bearer {self._make_key()}"}
            async with _browser(base_url=api, headers=headers) as service:
                platforms = _answer(await service.get("/platforms"))["items"]
                targets = [await self._connect(service, one["name"]) for one in platforms]
                published = await self._publish(service, targets)
            await self._compare(addresses["emulator"], published)
            self.is_done = True
            say("", "To look at (`castline demo --stay` keeps it running):")
            for name, address in addresses.items():
                say(f"  {name:<16} {address}")
            if stay:
                say("Ctrl-C ends it.")
                await asyncio.Event().wait()

    def _make_key(self) -> str:
        store = build_store(self._settings)
        with store.write() as session:
            workspace = workspaces.create_workspace(session, name="demo")
            _, key = workspaces.create_key(session, workspace_id=workspace.id)
        store.close()
        say("", f"Workspace {workspace.id} has a key.")
        return key.reveal()

    async def _connect(self, service: httpx2.AsyncClient, platform: str) -> str:
        done = f"{self._settings.url}/api/v1/oauth/done"
        body = {"platform": platform, "redirectUrl": done}
        ticket = _answer(await service.post("/oauth/tickets", json=body))
        say("", f"Ticket {ticket['ticketId']}: a browser opens {ticket['authUrl']}")
        await give_consent(ticket["authUrl"])
        found = _answer(await service.get(f"/oauth/tickets/{ticket['ticketId']}"))
        if found["state"] != TicketState.CONNECTED:
            raise DemoFailed(f"the ticket ended {found['state']}: {found['error']}")
        for connection_id in found["connectionIds"]:
            connection = _answer(await service.get(f"/connections/{connection_id}"))
            say(f"Connection {connection_id}: {connection['name']} on {platform}")
        for other in found["leftOut"]:
            say(f"Left out: {other['name']}. {other['error']}")
        return str(found["connectionIds"][0])

    async def _publish(
        self, service: httpx2.AsyncClient, connection_ids: list[str]
    ) -> list[dict[str, Any]]:
        video = _answer(await service.post("/videos", json={"sourceUrl": CLIP.as_uri()}))
        say("", f"Video {video['id']}: {video['fileName']}, {video['size']} bytes")
        wanted = {
            "connectionIds": connection_ids,
            "videoId": video["id"],
            "payload": {"title": "Castline's first broadcast", "privacy": "public"},
        }
        group = _answer(await service.post("/assignments", json=wanted))
        say(f"Group {group['groupId']}: an assignment for each connection")
        views = await asyncio.gather(*(self._follow(service, view) for view in group["items"]))
        for view in views:
            if view["state"] != AssignmentState.PUBLISHED:
                raise DemoFailed(f"on {view['platform']}: {describe(view)}")
        return views

    async def _follow(self, service: httpx2.AsyncClient, view: dict[str, Any]) -> dict[str, Any]:
        said = ""
        while True:
            if (sentence := describe(view)) != said:
                said = sentence
                say(f"  {view['platform']:<9} {sentence}")
            if AssignmentState(view["state"]).is_settled:
                return view
            await asyncio.sleep(_LOOK_SECONDS)
            view = _answer(await service.get(f"/assignments/{view['id']}"))

    async def _compare(self, emulator: str, published: list[dict[str, Any]]) -> None:
        async with _browser() as http:
            state = _answer(await http.get(f"{emulator}/_emulator/state"))
        videos = {video["id"]: video for video in state["videos"]}
        here = hashlib.sha256(await asyncio.to_thread(CLIP.read_bytes)).hexdigest()
        say("", f"sha256 of the file      {here}")
        for view in published:
            there = videos[view["platformId"]]["sha256"]
            say(f"sha256 at {view['platform']:<13} {there}")
            if here != there or len(videos) != len(published):
                raise DemoFailed("each platform does not hold exactly this file, once")


async def give_consent(auth_url: str) -> None:
    """Do what the channel's owner does: open the address, choose who one is, allow."""
    async with _browser(follow_redirects=True) as browser:
        page = await browser.get(auth_url)
        form = ConsentForm()
        form.feed(page.text)
        if not form.action:
            raise DemoFailed(f"{page.url.copy_with(query=None)} showed no consent page")
        last = await browser.post(str(page.url.join(form.action)), data=form.fields)
        while "Refresh" in last.headers:
            # The page on which a browser waits for a worker: its address answers when one does.
            last = await browser.get(last.url)
        end = last.url.copy_with(query=None, fragment=None)
        say(f"{PERSON} allows it, and the browser ends at {end}")


def _browser(**options: Any) -> httpx2.AsyncClient:
    # All of it is on this machine, where no proxy leads.
    return httpx2.AsyncClient(timeout=30, trust_env=False, **options)


def _answer(response: httpx2.Response) -> Any:
    if not response.is_success:
        raise DemoFailed(
            f"{response.request.method} {response.url.path} was answered with "
            f"{response.status_code}: {response.text[:500]}"
        )
    return response.json()


def environment_alone(data: Path) -> dict[str, str]:
    """Settings for an installation on free ports, whatever this shell is set up for."""
    api, temporal, ui, emulator = free_ports(4)
    for name in [name for name in os.environ if name.startswith("CASTLINE_")]:
        del os.environ[name]
    return {
        "CASTLINE_DATA_DIR": str(data),
        "CASTLINE_PORT": str(api),
        "CASTLINE_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
        "CASTLINE_TEMPORAL_UI_URL": f"http://127.0.0.1:{ui}",
        "CASTLINE_EMULATOR_PORT": str(emulator),
        "CASTLINE_MEDIA_ROOTS": str(CLIP.parent),
    }


def _show_logs(data: Path) -> None:
    for log in sorted((data / "logs").glob("*.log")):
        say("", f"The end of {log.name}:", *tail(log).split("\n"))
