"""Whether a call may go on: its token or key, its scopes, its channel, ordered refusals.

A token comes in the header `Authorization`, or in the query as `access_token` or `oauth_token`;
a key in the query as `key`, or in the header `X-Goog-Api-Key`. With a key alone a call may read
what is public. A wrong key is refused also beside a good token.
"""

from dataclasses import dataclass

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.accounts import Channel, Directory
from emulator.google.api import bad_requests
from emulator.google.api.document import METHODS
from emulator.google.errors import GoogleError
from emulator.google.oauth.grants import Grants
from emulator.google.oauth.records import Person
from emulator.google.youtube.quota import UPLOADS

_NOBODY = Person("")

_REFUSALS = {
    "unauthorized": errors.invalid_credentials,
    "rate_limited": errors.rate_limited,
    "daily_limit": lambda: errors.calls_per_day_exceeded(UPLOADS),
    "quota_exceeded": errors.quota_exceeded,
    "upload_limit": errors.upload_limit,
}
REFUSING_KINDS = frozenset(_REFUSALS) | {"revoke_grant"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token a call carries, and the channel it stands for; nobody's with a key alone."""

    person: Person = _NOBODY
    channel: Channel | None = None

    def signed_in(self, parameter: str) -> None:
        """Refuse a parameter that speaks of the caller where nobody is signed in."""
        if self.person == _NOBODY:
            raise bad_requests.authorization_required(parameter)

    def own_channel(self) -> Channel:
        """Return the channel, or refuse as YouTube does those who have none."""
        if self.channel is None:
            raise errors.no_channel()
        return self.channel

    def owns(self, channel: str) -> bool:
        """Tell whether a channel, named by its id, is the caller's."""
        return self.channel is not None and self.channel.id == channel


@dataclass(slots=True)
class Access:
    """Answers who calls, or raises why not."""

    grants: Grants
    directory: Directory
    keys: frozenset[str] = frozenset()

    def caller(self, call: Call, method: str) -> Caller:
        """Return who calls a method, after ordered refusals, key, token and scopes."""
        refusal = self.ordered_refusal(call)
        if refusal:
            raise refusal
        key, token = _key_of(call.request), bearer_of(call.request)
        if key and key not in self.keys:
            raise errors.invalid_key()
        if not token:
            if not METHODS[method].public:
                raise errors.missing_credentials()
            if not key:
                raise errors.unregistered_caller()
            return Caller()
        known = self.grants.bearer(token)
        if known is None:
            raise errors.invalid_credentials()
        if not METHODS[method].scopes.intersection(known.scopes):
            service, _, verb = method.partition(".")
            name = f"youtube.api.v3.V3Data{service.capitalize()}Service.{verb.capitalize()}"
            raise errors.insufficient_scope(name)
        channel = self.directory.channels.get(known.person.channel or "")
        return Caller(known.person, channel)

    def ordered_refusal(self, call: Call) -> GoogleError | None:
        """Return the refusal that a fault of this call dictates, if it does."""
        if call.suffers("revoke_grant"):
            known = self.grants.bearer(bearer_of(call.request))
            if known:
                self.grants.end(known.person)
            return errors.invalid_credentials()
        if call.suffers(*_REFUSALS) and call.fault:
            refusal = _REFUSALS[call.fault.kind]()
            if call.option("retry_after") is not None:
                refusal.headers = {"Retry-After": str(call.option("retry_after"))}
            return refusal
        return None

    def owners(self, request: web.Request) -> frozenset[str]:
        """Return the names of whose token a request carries, for faults meant for one."""
        known = self.grants.bearer(bearer_of(request))
        return known.person.names if known else frozenset()


def bearer_of(request: web.Request) -> str:
    """Return the access token of a request, or nothing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.query.get("access_token", "") or request.query.get("oauth_token", "")


def _key_of(request: web.Request) -> str:
    return request.query.get("key", "") or request.headers.get("X-Goog-Api-Key", "")
