"""Everything joined: the API, a worker, the emulator and a real Temporal dev server.

What a journey sees is what a user sees: HTTP answers, the emulator's state, and Temporal
through its client. Nothing in between is replaced.
"""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx2
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.access.connecting import ticket_input
from api.app import create_app
from api.context import make_context
from domain.ids import CARE, assignment_workflow_id
from runtime.generation import get_installation_id
from runtime.lifecycles import Lifecycles, make_lifecycles
from runtime.maintenance import Maintenance
from runtime.parts import Parts, build_parts
from runtime.reconcile.sweeping import Swept
from runtime.settings import Settings
from runtime.temporal import connect, ensure_ready
from runtime.waking import Waker
from runtime.worker import make_workers
from store.keyring import ensure_keyset_file
from store.queries import workspaces
from store.queries.access import tickets
from store.tables import now
from testkit import meta
from testkit.clips import CLIP, UPRIGHT
from testkit.emulator import ANA, ROOT, Emulator

T = TypeVar("T")

TEMPORAL = shutil.which("temporal") or str(ROOT / ".venv" / "bin" / "temporal")


async def eventually(
    look: Callable[[], Awaitable[T]],
    enough: Callable[[T], object] = bool,
    *,
    within: float = 30.0,
) -> T:
    """Look until it is enough; return what was seen. The one place where a test waits."""
    deadline = time.monotonic() + within
    while True:
        seen = await look()
        if enough(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within} s still: {seen!r}")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def temporal_server(**dynamic: object) -> AsyncIterator[str]:
    """A dev server of its own, with values of its dynamic configuration; yields its address."""
    told = [f"--dynamic-config-value={name}={json.dumps(value)}" for name, value in dynamic.items()]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=TEMPORAL,
        dev_server_extra_args=[
            *("--sqlite-pragma", "synchronous=OFF", "--log-level", "error"),
            *told,
        ],
    ) as server:
        yield server.client.service_client.config.target_host


def settings_for(folder: Path, emulator: Emulator, temporal: str, **more: Any) -> Settings:
    return Settings.model_validate(
        {
            "data_dir": folder / "data",
            "temporal_address": temporal,
            "emulator_url": emulator.url,
            "public_url": "http://127.0.0.1:8420",
            "media_roots": f"{folder}:{CLIP.parent}:{UPRIGHT.parent}",
            "allow_private_sources": True,
            # No test cuts the power.
            "sqlite_synchronous": "normal",
            "chunk_mib": 1,
            # One tenant registers twenty videos at once.
            "probes_per_workspace": 32,
            # As many as a worker has slots: a tenant of a test is the only one.
            "transfers_per_workspace": 8,
            **more,
        }
    )


@dataclass
class Stack:
    """One installation, with a worker in this process unless it was asked for without."""

    parts: Parts
    client: Client
    lifecycles: Lifecycles
    emulator: Emulator
    http: httpx2.AsyncClient = field(repr=False)

    @property
    def media(self) -> Path:
        """A media root of every tenant. The data folder lies in it."""
        return self.parts.settings.data_dir.parent

    async def tenant(self, name: str) -> "Tenant":
        """A new workspace with a key; loopback redirects are open, since the emulator is used."""
        with self.parts.store.write() as session:
            workspace = workspaces.create_workspace(session, name=name)
            for root in self.parts.settings.media_roots:
                workspaces.add_media_root(session, workspace.id, folder=root)
            _, key = workspaces.create_key(session, workspace_id=workspace.id, label="journey")
        return Tenant(self, workspace.id, key.reveal())

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker in this process; stopped in good order at the end."""
        workers = make_workers(self.parts.settings, self.parts, self.client, sandboxed=True)
        running = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            await asyncio.gather(*(worker.shutdown() for worker in workers))
            await asyncio.gather(*running)

    async def sweep(self) -> Swept:
        """Compare rows and workflows now; a worker process does so every 45 seconds.

        As there, a call that a busy server has dropped is no reason to give up.
        """
        maintenance = Maintenance(self.parts, self.client)
        try:
            return await maintenance.sweep()
        except RPCError as error:
            if error.status is not RPCStatusCode.CANCELLED:
                raise
        return await maintenance.sweep()

    @asynccontextmanager
    async def maintained(self) -> AsyncIterator[None]:
        """The loop that every worker process runs, in this one."""
        loop = asyncio.create_task(Maintenance(self.parts, self.client).run())
        try:
            yield
        finally:
            loop.cancel()
            await asyncio.wait({loop})

    def browser(self) -> httpx2.AsyncClient:
        """A browser of its own, with its own cookies."""
        return httpx2.AsyncClient(transport=self.http._transport, timeout=60)

    def assignment(self, assignment_id: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(assignment_workflow_id(assignment_id))


@asynccontextmanager
async def running_stack(
    folder: Path, emulator: Emulator, temporal: str, *, works: bool = True, **settings: Any
) -> AsyncIterator[Stack]:
    chosen = settings_for(folder, emulator, temporal, **settings)
    chosen.data_dir.mkdir(mode=0o700, exist_ok=True)
    ensure_keyset_file(chosen.keyset_file)
    parts = build_parts(chosen)
    parts.store.migrate()
    client = await connect(chosen, parts.keyring)
    await ensure_ready(client, get_installation_id(parts.store))
    Waker(client, parts.store, chosen).attach()
    lifecycles = make_lifecycles(client, chosen)
    app = create_app(make_context(parts, lifecycles))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url=chosen.url, timeout=60
    ) as http:
        stack = Stack(parts, client, lifecycles, emulator, http)
        async with stack.working() if works else nullcontext():
            yield stack
    await leave_namespace(client)
    parts.store.close()


async def leave_namespace(client: Client) -> None:
    """Leave a namespace to the next installation, as where its own is gone for good."""
    with suppress(RPCError):
        schedule = client.get_schedule_handle(CARE)
        await schedule.delete(rpc_timeout=timedelta(seconds=5))


@asynccontextmanager
async def stack_apart(folder: Path, emulator: Emulator, **settings: Any) -> AsyncIterator[Stack]:
    """One with a Temporal server of its own: what looks at everything there is, sees but this."""
    async with (
        temporal_server() as address,
        running_stack(folder, emulator, address, **settings) as stack,
    ):
        yield stack


@dataclass
class Tenant:
    """A workspace, and what its backend does."""

    stack: Stack
    workspace_id: str
    key: str = field(repr=False)

    async def ask(
        self, method: str, path: str, body: Any = None, *, status: int | None = None, **more: Any
    ) -> Any:
        """Call the API with the workspace's key; the JSON of the expected answer."""
        answer = await self.stack.http.request(
            method, path, json=body, headers={"Authorization": f"Bearer {self.key}"}, **more
        )
        if status is None:
            assert answer.is_success, (answer.status_code, answer.text)
        else:
            assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def ticket(self, **fields: Any) -> dict[str, Any]:
        body = {"platform": "youtube", "redirectUrl": "http://127.0.0.1:9/back", **fields}
        ticket: dict[str, Any] = await self.ask("POST", "/api/v1/oauth/tickets", body)
        return ticket

    async def short_ticket(self, *, seconds: float) -> tuple[str, str]:
        """A ticket that lives for less than five minutes: its id and its `authUrl`."""
        parts = self.stack.parts
        url = f"{parts.settings.url}/api/v1/oauth/youtube"
        with parts.store.write() as session:
            ticket = tickets.create_ticket(
                session,
                workspace_id=self.workspace_id,
                platform="youtube",
                redirect_url="http://127.0.0.1:9/back",
                callback_url=f"{url}/callback",
                expires_at=now() + timedelta(seconds=seconds),
            )
        await self.stack.lifecycles.start_ticket(ticket_input(ticket))
        return ticket.id, f"{url}/authorize?ticket={ticket.id}"

    async def browse(
        self,
        auth_url: str,
        *,
        account: str = ANA,
        scopes: list[str] | None = None,
        pages: list[str] | None = None,
        decision: str = "allow",
        browser: httpx2.AsyncClient | None = None,
    ) -> "Visit":
        """Follow a ticket: authorize, consent, callback. With a fresh browser unless given one.

        `pages` are ids; without them all of a Facebook account's Pages stay chosen.
        """
        async with AsyncExitStack() as closing:
            if browser is None:
                browser = await closing.enter_async_context(self.stack.browser())
            set_out = await patiently(browser, auth_url)
            consent_page = set_out.headers.get("location", "")
            emulator = self.stack.emulator
            if "/o/oauth2/" in consent_page:
                back = await asyncio.to_thread(
                    emulator.consent, consent_page, account, scopes, decision
                )
            elif "/dialog/oauth" in consent_page:
                back = await asyncio.to_thread(
                    meta.consent, emulator, consent_page, account, pages, scopes, decision
                )
            else:
                return Visit(set_out, set_out, "")
            return Visit(set_out, await patiently(browser, back), back)

    async def connection(self, account: str = ANA) -> str:
        """Connect an account; return the connection's id."""
        ticket = await self.ticket()
        visit = await self.browse(ticket["authUrl"], account=account)
        assert visit.result["status"] == "success", visit.result
        return visit.result["connectionId"]

    async def pages(self, account: str = ANA, pages: list[str] | None = None) -> dict[str, str]:
        """Connect an account's Facebook Pages; return the connections' ids by name."""
        ticket = await self.ticket(platform="facebook")
        visit = await self.browse(ticket["authUrl"], account=account, pages=pages)
        assert visit.result["status"] == "success", visit.result
        ids = visit.result["connectionIds"].split(",")
        return {(await self.ask("GET", f"/api/v1/connections/{id}"))["name"]: id for id in ids}

    async def assign(self, connection_id: str, **fields: Any) -> dict[str, Any]:
        body = {
            "connectionId": connection_id,
            "mediaUrl": CLIP.as_uri(),
            "payload": {"title": "A clip"},
            **fields,
        }
        assignment: dict[str, Any] = await self.ask("POST", "/api/v1/assignments", body)
        return assignment

    async def eventually(self, path: str, enough: Callable[[Any], object]) -> Any:
        """Ask until the answer is enough."""
        return await eventually(lambda: self.ask("GET", path), enough)

    async def look(self, assignment_id: str) -> dict[str, Any]:
        assignment: dict[str, Any] = await self.ask("GET", f"/api/v1/assignments/{assignment_id}")
        return assignment

    async def until(self, assignment_id: str, *states: str, within: float = 30.0) -> dict[str, Any]:
        """Wait until the assignment is in one of the states."""
        return await eventually(
            lambda: self.look(assignment_id), lambda seen: seen["state"] in states, within=within
        )

    async def publish(self, connection_id: str, **fields: Any) -> dict[str, Any]:
        """Assign, and wait for the end of it."""
        assignment = await self.assign(connection_id, **fields)
        return await self.until(assignment["id"], "published", "failed")


async def patiently(browser: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """Visit an address as a browser does that is shown a waiting page: again and again."""
    return await eventually(lambda: browser.get(url), lambda page: "Refresh" not in page.headers)


@dataclass
class Visit:
    """A browser's way through a consent."""

    set_out: httpx2.Response
    back: httpx2.Response
    callback: str
    """The address with which the platform sent the browser back."""

    @property
    def result(self) -> dict[str, str]:
        """The query that the browser arrives with at the caller's page."""
        query = urlsplit(self.back.headers.get("location", "")).query
        return {name: values[0] for name, values in parse_qs(query).items()}
