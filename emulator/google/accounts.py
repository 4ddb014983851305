"""The people and channels there are.

An account may have a channel of its own and manage brand channels. On the consent page
a person picks an account or one of its brand channels, and the tokens then stand for
that one channel.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UPLOAD_SCOPE = "https://www.googleapis.com/auth/youtube.upload"


@dataclass(slots=True)
class Account:
    """A Google account. `unticked` are the scopes whose boxes start empty."""

    email: str
    sub: str
    name: str
    unticked: list[str] = field(default_factory=list)
    hosted: bool = False
    """It belongs to an organization, so its domain is the `hd` of its tokens."""

    @property
    def domain(self) -> str:
        """The part of the email behind the @."""
        return self.email.rpartition("@")[2]


@dataclass(slots=True)
class Channel:
    """A YouTube channel; `brand` says that it belongs to a brand account."""

    id: str
    title: str
    owner: str
    description: str = ""
    brand: bool = False
    subscribers: int = 128
    published_at: float = 1_577_836_800.0

    @property
    def uploads_playlist(self) -> str:
        """The playlist of everything uploaded: `UU` and the channel's own letters."""
        return "UU" + self.id[2:]


@dataclass(slots=True)
class Directory:
    """All accounts by email, all channels by id."""

    accounts: dict[str, Account] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    def seed(self, body: Mapping[str, Any]) -> Account:
        """Add an account, or replace it with its channels.

        Ids derive from the email and the title, so that a seed is always the same.
        """
        email = body.get("email")
        if not isinstance(email, str) or "@" not in email:
            raise ValueError("An account needs an email.")
        channels = body.get("channels", [])
        if not isinstance(channels, list) or not all(
            isinstance(channel, dict) and isinstance(channel.get("title"), str)
            for channel in channels
        ):
            raise ValueError("channels must be a list of objects with a title.")
        digits = str(int(_letters(email, 20), 16))
        account = Account(
            email,
            "1" + digits[:20],
            body.get("name") or email,
            list(body.get("unticked", [])),
            bool(body.get("hosted")),
        )
        self.accounts[email] = account
        self.channels = {k: c for k, c in self.channels.items() if c.owner != email}
        for position, order in enumerate(channels):
            channel = Channel(
                id=order.get("id") or "UC" + _letters(f"{email} {order['title']}", 22),
                title=order["title"],
                owner=email,
                description=order.get("description", ""),
                brand=bool(order.get("brand", position > 0)),
            )
            self.channels[channel.id] = channel
        return account

    def channels_of(self, email: str) -> list[Channel]:
        """Return an account's channels, its own before its brands."""
        mine = [channel for channel in self.channels.values() if channel.owner == email]
        return sorted(mine, key=lambda channel: channel.brand)

    def pick(self, choice: str) -> tuple[Account, Channel | None] | None:
        """Resolve what was picked on the consent page: an email or a channel id.

        An email stands for the account's own channel, if it has one; a brand channel
        is never taken unasked.
        """
        if choice in self.channels:
            channel = self.channels[choice]
            return self.accounts[channel.owner], channel
        if choice not in self.accounts:
            return None
        own = [channel for channel in self.channels_of(choice) if not channel.brand]
        return self.accounts[choice], own[0] if own else None


def seeded() -> Directory:
    """Return the accounts of a new world: one for each way an integration can go."""
    directory = Directory()
    directory.seed(
        {
            "email": "ana@example.test",
            "name": "Ana",
            "channels": [{"title": "Ana Cooks", "description": "Recipes, one pan at a time."}],
        }
    )
    directory.seed(
        {
            "email": "ben@example.test",
            "name": "Ben",
            "channels": [{"title": "Ben"}, {"title": "Bakery Brand", "brand": True}],
        }
    )
    directory.seed({"email": "nochannel@example.test", "name": "Nora Nochannel"})
    directory.seed(
        {
            "email": "partial@example.test",
            "name": "Pat Partial",
            "channels": [{"title": "Pat Partial"}],
            "unticked": [UPLOAD_SCOPE],
        }
    )
    return directory


def _letters(seed: str, length: int) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()[:length]
