"""Facebook Login: consent, exchange, the state of a token and the end of a grant.

A code works once, so `redeem` makes that one call and no other; everything after it may be
repeated. Meta renews no token: a person's is extended to 60 days, a Page's made from it has
no end, and `debug_token` tells how each stands. The app's secret travels in bodies only;
a token that is inspected has to be in the query, because Meta takes it nowhere else.
There is no PKCE in this flow (facts: Facebook section 1.11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    PlatformUnavailable,
    ReauthorizationNeeded,
)
from domain.secrets import Secret
from platforms.facebook.errors import GraphError, find_rule, number, unreadable
from platforms.facebook.graph import Graph
from platforms.facebook.reasons import CODE, DEAD, RULES, SECRET
from platforms.facebook.usage import APP
from platforms.http import origin_of
from platforms.protocol import Credential
from platforms.rules import Rule

LIST = "pages_show_list"
READ = "pages_read_engagement"
PUBLISH = "pages_manage_posts"
SCOPES = (LIST, READ, PUBLISH)

_NEVER = 10 * 365 * 86_400
"""Seconds. What claims to live longer is taken to have no end."""

_AT_EXCHANGE: Mapping[str, Rule] = {
    **RULES,
    # The code of an unexplained trouble stands for a wrong secret here.
    "1": SECRET,
}
_AT_REDEMPTION: Mapping[str, Rule] = {**_AT_EXCHANGE, "100": CODE}
_AT_INSPECTION: Mapping[str, Rule] = {
    **RULES,
    "100": Rule(
        PlatformMisconfigured,
        "app_changed",
        "The connection belongs to another Meta app than the one that is set.",
    ),
    # Here the token that makes the call is the app's, not a connection's.
    "190": SECRET,
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What Meta says of a token."""

    user_id: str | None
    page_id: str | None
    """The Page whose token it is; None for a person's."""
    scopes: tuple[str, ...]
    expires_at: datetime | None
    data_access_ends_at: datetime | None
    fault: PlatformError | None
    """Why the token is of no use; None when it is good."""
    targets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Scope → the only Pages that it was granted for. One that is not here is for all."""

    @property
    def own_scopes(self) -> tuple[str, ...]:
        """What was granted for the Page whose token it is."""
        page_id = self.page_id
        if page_id is None:
            return self.scopes
        return tuple(scope for scope in self.scopes if self.covers(scope, page_id))

    def covers(self, scope: str, page_id: str) -> bool:
        return page_id in self.targets.get(scope, (page_id,))


ISSUER = "https://www.facebook.com"
"""Meta's issuer identifier (its OpenID discovery document)."""


class Login:
    """Our app at Facebook Login."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._app = graph.app

    def verify(self) -> None:
        """One POST: asks for the app's own token."""
        self._token(grant_type="client_credentials")

    @property
    def issuers(self) -> frozenset[str]:
        """Meta sends no `iss` in this flow; one that came would have to be its own."""
        return frozenset({ISSUER, origin_of(self._app.dialog_root)})

    def consent_url(self, *, state: Secret, redirect_uri: str) -> str:
        query = {
            "client_id": self._app.app_id,
            "redirect_uri": redirect_uri,
            "state": state.reveal(),
            "response_type": "code",
            "scope": ",".join(SCOPES),
            # Without it Meta never asks again for a permission that was declined before.
            "auth_type": "rerequest",
        }
        root = self._app.dialog_root.rstrip("/")
        return f"{root}/{self._app.version}/dialog/oauth?{urlencode(query)}"

    def redeem(self, *, code: Secret, redirect_uri: str) -> Credential:
        """One POST. The token lives an hour or two, and what was granted is not told yet."""
        grant = self._token(rules=_AT_REDEMPTION, code=code.reveal(), redirect_uri=redirect_uri)
        return Credential(
            access_token=Secret(grant["access_token"]),
            refresh_token=None,
            expires_at=_in(number(grant.get("expires_in"))),
            scopes=(),
        )

    def extend(self, token: Secret) -> Secret:
        """One POST: a person's token of 60 days for one that is still good."""
        grant = self._token(grant_type="fb_exchange_token", fb_exchange_token=token.reveal())
        return Secret(grant["access_token"])

    def inspect(self, token: Secret) -> Inspection:
        """One GET. A dead token is a finding, with its fault, and no error."""
        told = self._graph.ask(
            "GET",
            "debug_token",
            self._app.token,
            {"input_token": token.reveal()},
            budget=APP,
            rules=_AT_INSPECTION,
            is_brief=True,
        )
        data = told.document.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("is_valid"), bool):
            raise unreadable()
        scopes, user_id = data.get("scopes"), number(data.get("user_id"))
        page_id = number(data.get("profile_id"))
        return Inspection(
            user_id=str(user_id) if user_id else None,
            page_id=str(page_id) if page_id else None,
            scopes=tuple(map(str, scopes)) if isinstance(scopes, list) else (),
            expires_at=_at(number(data.get("expires_at")), told.moment),
            data_access_ends_at=_at(number(data.get("data_access_expires_at")), told.moment),
            fault=None if data["is_valid"] else _fault(data.get("error")),
            targets=_targets(data.get("granular_scopes")),
        )

    def refresh(self, credential: Credential) -> Credential:
        """One GET. The same token with its clocks and scopes as they are now.

        A scope that was granted for other Pages only is none of this one's.
        """
        found = self.inspect(credential.access_token)
        if found.fault is not None:
            raise found.fault
        return replace(
            credential,
            expires_at=found.expires_at,
            scopes=found.own_scopes if found.scopes else credential.scopes,
            data_access_ends_at=found.data_access_ends_at,
        )

    def revoke(self, credential: Credential) -> bool:
        """One GET and one DELETE. Ends the person's grant, and with it all their Pages'.

        False: it was dead already.
        """
        found = self.inspect(credential.access_token)
        if found.user_id is None or (found.fault and found.fault.code == "app_removed"):
            return False
        try:
            self._graph.call(
                "DELETE",
                f"{found.user_id}/permissions",
                self._app.token,
                budget=APP,
                rules=_AT_INSPECTION,
            )
        except (PlatformRefusal, ReauthorizationNeeded) as error:
            if error.code not in ("not_found", "app_removed"):
                raise
            return False
        return True

    def _token(
        self, *, rules: Mapping[str, Rule] = _AT_EXCHANGE, **fields: str
    ) -> Mapping[str, Any]:
        app = {
            "client_id": self._app.app_id,
            "client_secret": self._app.app_secret.reveal(),
        }
        grant = self._graph.call(
            "POST", "oauth/access_token", None, {**app, **fields}, budget=APP, rules=rules
        )
        if not isinstance(grant.get("access_token"), str) or not grant["access_token"]:
            raise unreadable()
        return grant


def missing_scopes(granted: Sequence[str], *needed: str) -> tuple[str, ...]:
    """What is needed and was not granted. Pure."""
    return tuple(scope for scope in needed if scope not in granted)


def require_scopes(granted: tuple[str, ...], *needed: str) -> None:
    """Raise `ReauthorizationNeeded` (code `scope_missing`) unless all of it was granted. Pure."""
    if missing := missing_scopes(granted, *needed):
        raise ReauthorizationNeeded(
            "scope_missing",
            f"The consent did not include {', '.join(missing)}: connect again and leave "
            "all boxes ticked.",
        )


def _targets(granular: Any) -> Mapping[str, frozenset[str]]:
    """What `granular_scopes` says; a scope without `target_ids` is for everything."""
    parts = granular if isinstance(granular, list) else []
    return {
        str(part.get("scope")): frozenset(map(str, part["target_ids"]))
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("target_ids"), list)
    }


def _fault(error: Any) -> PlatformError:
    """Judge the error that an inspection reports. Unless it is a blip, the token is dead."""
    told = error if isinstance(error, dict) else {}
    code, subcode = number(told.get("code")) or 0, number(told.get("subcode"))
    read = GraphError(code, subcode, "", is_transient=False, data={})
    rule = find_rule(read)
    if rule is None or rule.kind not in (ReauthorizationNeeded, PlatformUnavailable):
        rule = DEAD
    return rule.error(reason=read.reason, now=datetime.now(UTC))


def _in(seconds: int | None) -> datetime | None:
    """Some seconds from now; None for no end."""
    if seconds is None or not 0 <= seconds < _NEVER:
        return None
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _at(timestamp: int | None, told_at: datetime) -> datetime | None:
    """A moment by our clock that Meta named by its own; 0 stands for no end."""
    if timestamp is None or not 0 < timestamp < told_at.timestamp() + _NEVER:
        return None
    return datetime.now(UTC) + timedelta(seconds=timestamp - told_at.timestamp())
