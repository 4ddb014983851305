"""Whether a call may go on: its token, its scopes, its channel, ordered refusals."""

from dataclasses import dataclass

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.accounts import Channel, Directory
from emulator.google.errors import GoogleError
from emulator.google.oauth.grants import Grants
from emulator.google.oauth.records import Person

_ROOT = "https://www.googleapis.com/auth/"
_MANAGE = frozenset(_ROOT + name for name in ("youtube", "youtube.force-ssl", "youtubepartner"))
_UPLOAD = _MANAGE | {_ROOT + "youtube.upload"}
_READ = _MANAGE | {_ROOT + "youtube.readonly"}
_CAPTIONS = frozenset(_ROOT + name for name in ("youtube.force-ssl", "youtubepartner"))

SCOPES = {
    "videos.insert": _UPLOAD,
    "videos.list": _READ,
    "videos.update": _MANAGE,
    "videos.delete": _MANAGE,
    "channels.list": _READ | {_ROOT + "youtubepartner-channel-audit"},
    "thumbnails.set": _UPLOAD,
    "captions.insert": _CAPTIONS,
    "captions.list": _CAPTIONS,
    "playlistItems.insert": _MANAGE,
    "playlistItems.list": _READ,
    "playlists.insert": _MANAGE,
    "playlists.list": _READ,
}
"""Which scopes a method accepts, any one of them (facts: YouTube section 1.6)."""

_REFUSALS = {
    "unauthorized": errors.invalid_credentials,
    "rate_limited": errors.rate_limited,
    "daily_limit": errors.uploads_per_day_exceeded,
    "quota_exceeded": errors.quota_exceeded,
    "upload_limit": errors.upload_limit,
}
REFUSING_KINDS = frozenset(_REFUSALS) | {"revoke_grant"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token a call carries, and the channel it stands for."""

    person: Person
    channel: Channel | None

    def own_channel(self) -> Channel:
        """Return the channel, or refuse as YouTube does those who have none."""
        if self.channel is None:
            raise errors.no_channel()
        return self.channel


@dataclass(slots=True)
class Access:
    """Answers who calls, or raises why not."""

    grants: Grants
    directory: Directory

    def caller(self, call: Call, method: str) -> Caller:
        """Return who calls a method, after ordered refusals, token and scopes."""
        refusal = self.ordered_refusal(call)
        if refusal:
            raise refusal
        token = bearer_of(call.request)
        if not token:
            raise errors.missing_credentials()
        known = self.grants.bearer(token)
        if known is None:
            raise errors.invalid_credentials()
        if not SCOPES[method].intersection(known.scopes):
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
    return request.query.get("access_token", "")
