"""The way in for a person: a link that makes a ticket whenever it is followed.

A ticket lives for five minutes and a notice may lie for days, so a notice carries a link that
names the connection and the consent that it is to replace, sealed by the key set. Nothing of
it is stored, and it ends by itself: once the connection has been authorized anew or was
disconnected it leads nowhere. It opens no more than the platform's consent page, where only
the owner of the very same account changes anything.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime

from domain.errors import CastlineError, InvalidRequest
from domain.health import BROKEN
from domain.secrets import Secret
from domain.states import ConnectionHealth
from store.tables import Connection
from store.vault import Place, Vault

_PLACE = Place("reauth_link", "token", "")
"""No table's: what is sealed here opens nowhere else."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """Which connection a link leads to, and which of its consents it is to replace."""

    connection_id: str
    connected_at: datetime

    def check(self, connection: Connection) -> None:
        """Raise `InvalidRequest`: code `link_done` or `link_ended` when nothing is to authorize."""
        if connection.health == ConnectionHealth.DISCONNECTED:
            raise _ended("This channel was disconnected, so this link has ended.")
        if connection.connected_at == self.connected_at:
            return
        if connection.health in BROKEN:
            raise _ended("A newer notice has replaced this link. Use the link of that one.")
        raise InvalidRequest(
            "link_done", "The channel has been authorized again. Nothing has to be done here."
        )


class ReauthLinks:
    """Makes the links and reads them. `url` is how the API is reached from outside."""

    def __init__(self, vault: Vault, url: str) -> None:
        self._vault = vault
        self._url = url

    def make(self, connection: Connection) -> str:
        """A link to authorize this connection again. Each is another one, and all of them work."""
        named = Secret(f"{connection.id} {connection.connected_at.isoformat()}")
        token = urlsafe_b64encode(self._vault.seal(named, _PLACE)).decode().rstrip("=")
        return f"{self._url}/api/v1/oauth/reauth/{token}"

    def open(self, token: str) -> WayIn:
        """What a link's token says. Raises `InvalidRequest` (code `link_unreadable`)."""
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            named = self._vault.open(sealed, _PLACE)
        except (ValueError, CastlineError):
            raise InvalidRequest(
                "link_unreadable",
                "This link is incomplete, or not one of ours. Open it whole, as the notice has it.",
            ) from None
        connection_id, _, connected_at = named.reveal().partition(" ")
        return WayIn(connection_id, datetime.fromisoformat(connected_at))


def _ended(sentence: str) -> InvalidRequest:
    return InvalidRequest("link_ended", sentence)
