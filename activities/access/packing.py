"""The form in which credentials lie in the vault: one sealed JSON document.

Fields are added with defaults only: what an earlier release has sealed must still open.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from domain.secrets import Secret
from platforms.protocol import Account, Credential


def pack(credential: Credential) -> Secret:
    """The vault's form of a credential; the moments live in columns of their own."""
    refresh = credential.refresh_token
    return Secret(
        json.dumps(
            {
                "access_token": credential.access_token.reveal(),
                "refresh_token": None if refresh is None else refresh.reveal(),
                "scopes": list(credential.scopes),
                "expires_at": _text(credential.expires_at),
                "grant_expires_at": _text(credential.grant_expires_at),
                "data_access_ends_at": _text(credential.data_access_ends_at),
            }
        )
    )


def unpack(packed: Secret) -> Credential:
    fields = json.loads(packed.reveal())
    refresh = fields["refresh_token"]
    return Credential(
        access_token=Secret(fields["access_token"]),
        refresh_token=None if refresh is None else Secret(refresh),
        expires_at=_moment(fields["expires_at"]),
        scopes=tuple(fields["scopes"]),
        grant_expires_at=_moment(fields["grant_expires_at"]),
        data_access_ends_at=_moment(fields.get("data_access_ends_at")),
    )


def pack_accounts(accounts: Sequence[Account]) -> Secret:
    """The vault's form of what a consent gave, with the credential of each account."""
    packed = [
        {
            "id": account.id,
            "name": account.name,
            "handle": account.handle,
            "thumbnail_url": account.thumbnail_url,
            "grant_id": account.grant_id,
            "credential": pack(account.credential).reveal(),
        }
        for account in accounts
    ]
    return Secret(json.dumps(packed))


def unpack_accounts(packed: Secret) -> list[Account]:
    return [
        Account(**{**fields, "credential": unpack(Secret(fields["credential"]))})
        for fields in json.loads(packed.reveal())
    ]


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
