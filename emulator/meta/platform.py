"""Meta, put together: the state, and what the controls may ask of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from aiohttp import web

from emulator.faults import Kind
from emulator.fields import Field
from emulator.meta.faults import KINDS, OPERATIONS
from emulator.meta.graph.calls import Graph, no_such_method, no_such_path
from emulator.meta.graph.errors import GraphError
from emulator.meta.graph.legacy import Legacy
from emulator.meta.login.grants import Grants
from emulator.meta.login.records import App, Ledger
from emulator.meta.login.tokens import Tokens
from emulator.meta.people import Directory, Page, Person, seeded
from emulator.meta.publishing.describing import described
from emulator.meta.publishing.intake.sessions import Session, Sessions
from emulator.meta.publishing.intake.uploads import PartialUploads, Uploads
from emulator.meta.publishing.library import Library
from emulator.meta.publishing.routes import Publishing
from emulator.meta.publishing.service import Service
from emulator.meta.publishing.watch import watch_routes
from emulator.meta.routes import routes
from emulator.meta.switches import Switches
from emulator.meta.usage import Tally, Usage
from emulator.meta.webhooks.notifier import Notifier
from emulator.meta.webhooks.records import Hooks
from emulator.meta.webhooks.subscriptions import Subscriptions
from emulator.plain import from_plain, to_plain
from emulator.world import Introduction, World

APP_ID = "100000000000001"
APP_SECRET = "emulator-app-secret"  # noqa: S105 - printed on the home page


@dataclass(slots=True)
class State:
    """All that outlives a restart."""

    directory: Directory = field(default_factory=seeded)
    ledger: Ledger = field(default_factory=Ledger)
    library: Library = field(default_factory=Library)
    uploads: Uploads = field(default_factory=Uploads)
    hooks: Hooks = field(default_factory=Hooks)
    tally: Tally = field(default_factory=Tally)
    switches: Switches = field(default_factory=Switches)
    sessions: dict[str, Session] = field(default_factory=dict)


class Meta:
    """The platform `facebook`, as the world sees it."""

    name = "facebook"
    domains: tuple[str, ...] = ("facebook.com", "fb.watch", "fbcdn.net")
    paths = re.compile(
        r"/(v\d+\.\d+|dialog|oauth|me|debug_token|video-upload|upload:[^/]+|\d+(_\d+)?)(/|$)"
    )
    operations = OPERATIONS
    kinds: tuple[Kind, ...] = KINDS
    account_fields: tuple[Field, ...] = (
        Field("email", "text", "Whose account it is.", required=True),
        Field("name", "text", "The person's name; the email if left out."),
        Field("unticked", "list", "Permissions whose boxes start empty in the dialog."),
        Field(
            "pages",
            "list or integer",
            "The Pages: objects with name and perhaps id, category, tasks, has_token; or how many.",
        ),
        Field("remove_app", "boolean", "The person removes the app; their tokens die."),
        Field("password_changed", "boolean", "The person changes the password; their tokens die."),
        Field("roles", "object", "Other tasks on Pages, by the names of the Pages."),
    )

    def __init__(self, world: World) -> None:
        self._world = world
        self._state = State()
        state = self._state
        self.switches = state.switches
        self.tokens = Tokens(world.clock, state.switches, state.directory, state.ledger)
        self.usage = Usage(world.clock, state.switches, self.tokens, state.tally)
        self.sessions, self.partial = Sessions(world.spools), PartialUploads(world.spools)
        self.service = Service(
            clock=world.clock,
            switches=state.switches,
            tokens=self.tokens,
            library=state.library,
            sessions=self.sessions,
            uploads=state.uploads,
        )
        self.subscriptions = Subscriptions(world.clock, self.tokens, state.hooks)
        notifier = Notifier(world, state.ledger, state.directory, state.library, state.hooks)
        world.background.append(notifier.run)
        self.grants = Grants(world.clock, state.switches, state.ledger, self.tokens)
        self.reset()

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return everything Meta serves, on one origin."""
        graph = Graph(self.tokens, self.usage, Legacy(self.switches))
        publishing = Publishing(self.service, self.partial)
        yield from watch_routes(self.service, self.name)
        yield from publishing.routes(graph)
        # Login's come last: they end in one for every address that nobody knows.
        yield from routes(graph, self.grants, self._state.directory, self.subscriptions, publishing)

    def refuse(self, request: web.Request, status: int) -> web.Response:
        """Answer an address, a method or a size of body that Meta does not serve."""
        if status == 413:
            return GraphError(413, 1, None, "Request Entity Too Large").answer()
        refusal = no_such_method if status == 405 else no_such_path
        return refusal(request).answer()

    def reset(self) -> None:
        """Go back to the seeded people and app, and nothing else."""
        fresh = State()
        fresh.ledger.apps[APP_ID] = App(APP_ID, APP_SECRET)
        self._take(fresh)

    def to_plain(self) -> Any:
        """Return the state as JSON values."""
        self.tokens.prune()
        self._state.sessions = self.sessions.kept()
        return to_plain(self._state)

    def restore(self, plain: Any) -> None:
        """Take the state from what `to_plain` returned."""
        self._take(from_plain(State, plain))

    def seed_account(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add a person with Pages, or let something happen to one there is.

        `remove_app`, `password_changed` and `roles` are what a person does at Facebook; the
        tokens that die of it say so in their subcode.
        """
        if not body.keys() & {"remove_app", "password_changed", "roles"}:
            return self._account(self._state.directory.seed(body))
        person = self._state.directory.find_person(str(body.get("email")))
        if person is None:
            raise ValueError(f"There is no account {body.get('email')}.")
        self._state.directory.set_roles(person, body.get("roles", {}))
        if body.get("password_changed"):
            self.grants.change_password(person.id)
        if body.get("remove_app"):
            for app_id in self._state.ledger.apps:
                self.grants.remove_app(app_id, person.id)
        return self._account(person)

    def seed_client(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add or change an app; what is not named stays as it is."""
        app_id = body.get("client_id")
        if not isinstance(app_id, str) or not app_id.isdecimal():
            raise ValueError("A client needs a client_id, which is a number here.")
        app = self._state.ledger.apps.setdefault(app_id, App(app_id, APP_SECRET))
        app.secret = body.get("client_secret", app.secret)
        app.redirect_uris = list(body.get("redirect_uris", app.redirect_uris))
        app.deleted = bool(body.get("deleted", app.deleted))
        return {"client_id": app.id, "redirect_uris": app.redirect_uris, "deleted": app.deleted}

    def introduce(self) -> Introduction:
        """Return what the first page says of Meta."""
        directory = self._state.directory
        return Introduction(
            title="Facebook Login and Pages",
            client_id=APP_ID,
            client_secret=APP_SECRET,
            holdings="Pages",
            accounts=[
                (
                    person.email,
                    [(page.name, page.id) for page in directory.pages_of(person.id)],
                    "starts with the publishing box unticked" if person.unticked else "",
                )
                for person in directory.people.values()
            ],
        )

    def describe(self) -> Mapping[str, Any]:
        """Show people, Pages, videos and sessions: no token, no session id."""
        directory, library = self._state.directory, self._state.library
        now = self._world.clock.now()
        return {
            "accounts": [self._account(person) for person in directory.people.values()],
            "pages": [self._page(page) for page in directory.pages.values()],
            "videos": [described(video, self.name, now) for video in library.videos.values()],
            "sessions": self.sessions.describe(library, self.name),
            "file_uploads": self.partial.describe(self._state.uploads, self.name),
            "webhook_deliveries": [
                asdict(delivery) for delivery in self._state.hooks.deliveries.values()
            ],
        }

    def _take(self, fresh: State) -> None:
        # The parts were handed out at the beginning, so they are refilled, not replaced.
        for part in fields(State):
            mine, new = getattr(self._state, part.name), getattr(fresh, part.name)
            if part.name == "sessions":
                self.sessions.restore(new)
                continue
            for entry in fields(mine):
                setattr(mine, entry.name, getattr(new, entry.name))
        self.partial.restore(self._state.uploads)

    def _account(self, person: Person) -> dict[str, Any]:
        return {
            "platform": self.name,
            "email": person.email,
            "name": person.name,
            "id": person.id,
            "unticked": person.unticked,
            "pages": [
                {
                    "id": page.id,
                    "name": page.name,
                    "tasks": page.tasks[person.id],
                    "has_token": page.has_token,
                }
                for page in self._state.directory.pages_of(person.id)
            ],
        }

    def _page(self, page: Page) -> dict[str, Any]:
        people = self._state.directory.people
        return {
            "id": page.id,
            "name": page.name,
            "owners": [people[person].email for person in page.tasks if page.tasks[person]],
        }
