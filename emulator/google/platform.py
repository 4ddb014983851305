"""Google, put together: the state, and what the controls may ask of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from aiohttp import web

from emulator.faults import Kind
from emulator.fields import Field
from emulator.google.accounts import Account, Directory, seeded
from emulator.google.faults import KINDS, OPERATIONS
from emulator.google.names import DOMAINS, PATHS
from emulator.google.oauth.grants import Grants, Ledger
from emulator.google.oauth.records import Client, Person
from emulator.google.oauth.signing import SigningKey
from emulator.google.routes import routes
from emulator.google.switches import Switches
from emulator.google.uploads.session import Session, Sessions
from emulator.google.youtube.access import Access
from emulator.google.youtube.describing import described
from emulator.google.youtube.library import Library
from emulator.google.youtube.quota import Meter, Quota
from emulator.google.youtube.routes import refusal_of
from emulator.google.youtube.service import Service
from emulator.google.youtube.watch import watch_routes
from emulator.plain import from_plain, to_plain
from emulator.world import Introduction, World

CLIENT_ID = "castline-emulator.apps.googleusercontent.com"
CLIENT_SECRET = "emulator-secret"  # noqa: S105 - printed on the home page
API_KEY = "castline-emulator-api-key"
"""Reads what is public. It is printed on the home page, too."""


@dataclass(slots=True)
class State:
    """All that outlives a restart."""

    directory: Directory = field(default_factory=seeded)
    ledger: Ledger = field(default_factory=Ledger)
    library: Library = field(default_factory=Library)
    quota: Quota = field(default_factory=Quota)
    switches: Switches = field(default_factory=Switches)
    sessions: dict[str, Session] = field(default_factory=dict)
    key: SigningKey = field(default_factory=SigningKey)


class Google:
    """The platform `youtube`, as the world sees it."""

    name = "youtube"
    domains: tuple[str, ...] = DOMAINS
    paths = PATHS
    operations = OPERATIONS
    kinds: tuple[Kind, ...] = KINDS
    account_fields: tuple[Field, ...] = (
        Field("email", "text", "Whose account it is.", required=True),
        Field("name", "text", "The person's name; the email if left out."),
        Field("unticked", "list", "Scopes whose boxes start empty on the consent page."),
        Field("hosted", "boolean", "An account of an organization: its domain is `hd`."),
        Field(
            "channels",
            "list",
            "The channels: objects with title and perhaps id, description, brand.",
        ),
        Field("remove_app", "boolean", "The person removes the app; their tokens die."),
    )

    def __init__(self, world: World) -> None:
        self._world = world
        self._state = State()
        state = self._state
        self.switches = state.switches
        self.sessions = Sessions(world.spools)
        self.grants = Grants(world.clock, self.switches, state.ledger)
        self.service = Service(
            clock=world.clock,
            switches=self.switches,
            directory=state.directory,
            library=state.library,
            access=Access(self.grants, state.directory, frozenset({API_KEY})),
            meter=Meter(world.clock, self.switches, state.quota),
        )
        self.reset()

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return everything Google serves, on one origin."""
        yield from routes(self.service, self.grants, self.sessions, self._state.key)
        # Last, because the shortest address of a video looks like many others.
        yield from watch_routes(self.service)

    def refuse(self, request: web.Request, status: int) -> web.Response:
        """Answer an address or a method that Google does not serve."""
        return refusal_of(request.method, request.path, status).answer()

    def reset(self) -> None:
        """Go back to the seeded accounts and client, and nothing else."""
        fresh = State()
        fresh.ledger.clients[CLIENT_ID] = Client(CLIENT_ID, CLIENT_SECRET)
        fresh.key.pem = self._state.key.pem  # clients keep the public half for hours
        self._take(fresh)

    def to_plain(self) -> Any:
        """Return the state as JSON values."""
        self.grants.prune()
        lifetime = self.switches.session_ttl_seconds
        self._state.sessions = self.sessions.kept(self._world.clock.now(), lifetime)
        return to_plain(self._state)

    def restore(self, plain: Any) -> None:
        """Take the state from what `to_plain` returned."""
        self._take(from_plain(State, plain))

    def seed_account(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add an account with its channels, or let one there is remove the app (`remove_app`)."""
        if "remove_app" not in body:
            return self._account(self.service.directory.seed(body))
        account = self._state.directory.accounts.get(str(body.get("email")))
        if account is None:
            raise ValueError(f"There is no account {body.get('email')}.")
        if body["remove_app"]:
            for person in self._persons(account):
                self.grants.end(person)
        return self._account(account)

    def seed_client(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add or change an OAuth client; what is not named stays as it is."""
        client_id = body.get("client_id")
        if not isinstance(client_id, str) or not client_id:
            raise ValueError("A client needs a client_id.")
        clients = self._state.ledger.clients
        client = clients.setdefault(client_id, Client(client_id, CLIENT_SECRET))
        client.secret = body.get("client_secret", client.secret)
        client.redirect_uris = list(body.get("redirect_uris", client.redirect_uris))
        client.deleted = bool(body.get("deleted", client.deleted))
        return {
            "client_id": client.id,
            "redirect_uris": client.redirect_uris,
            "deleted": client.deleted,
        }

    def introduce(self) -> Introduction:
        """Return what the first page says of Google."""
        directory = self._state.directory
        return Introduction(
            title="Google OAuth and the YouTube Data API",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            api_key=API_KEY,
            holdings="channels",
            accounts=[
                (
                    account.email,
                    [(each.title, each.id) for each in directory.channels_of(account.email)],
                    "starts with the upload box unticked" if account.unticked else "",
                )
                for account in directory.accounts.values()
            ],
        )

    def describe(self) -> Mapping[str, Any]:
        """Show accounts, channels, videos, sessions and quota: no token, no address."""
        state = self._state
        return {
            "accounts": [self._account(account) for account in state.directory.accounts.values()],
            "channels": [
                {
                    "id": channel.id,
                    "title": channel.title,
                    "owner": channel.owner,
                    "brand": channel.brand,
                    "uploads_playlist": channel.uploads_playlist,
                }
                for channel in state.directory.channels.values()
            ],
            "videos": [described(self.service, video) for video in state.library.videos.values()],
            "sessions": self.sessions.describe(),
            "quota": self.service.meter.describe(),
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

    def _account(self, account: Account) -> dict[str, Any]:
        return {
            "platform": self.name,
            "email": account.email,
            "name": account.name,
            "sub": account.sub,
            "unticked": account.unticked,
            "channels": [
                {"id": channel.id, "title": channel.title, "brand": channel.brand}
                for channel in self._state.directory.channels_of(account.email)
            ],
        }

    def _persons(self, account: Account) -> list[Person]:
        """All whom tokens of an account may stand for."""
        channels = self._state.directory.channels_of(account.email)
        return [
            Person(account.email),
            *(Person(account.email, channel.id) for channel in channels),
        ]
