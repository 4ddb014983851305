"""Codec sessions: browsers that an operator's key signed in, until they end.

A session ends at its stated time, when it is signed out and when its key is revoked. The
browser holds a random token, the database its digest: neither opens what the key opens.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlmodel import Session, col, delete, select

from domain.secrets import Secret
from store.tables import ApiKey, CodecSession, now

LASTING = timedelta(hours=12)
_TOKEN_BYTES = 32


def open_session(session: Session, key: ApiKey) -> tuple[CodecSession, Secret]:
    """Begin a session. The `Secret` is the only copy of its token. A retry begins another one."""
    session.connection().execute(delete(CodecSession).where(col(CodecSession.ends_at) <= now()))
    token = Secret(secrets.token_urlsafe(_TOKEN_BYTES))
    row = CodecSession(digest=_digest(token), key_id=key.id, ends_at=now() + LASTING)
    session.add(row)
    session.flush()
    return row, token


def find_session(session: Session, token: Secret) -> CodecSession | None:
    """The session of a token, unless it has ended or its key was revoked."""
    query = (
        select(CodecSession)
        .join(ApiKey, col(ApiKey.id) == col(CodecSession.key_id))
        .where(
            CodecSession.digest == _digest(token),
            col(CodecSession.ends_at) > now(),
            col(ApiKey.revoked_at).is_(None),
            col(ApiKey.workspace_id).is_(None),
        )
    )
    return session.exec(query).one_or_none()


def end_session(session: Session, token: Secret) -> None:
    """End a session for every request that begins from now on. Idempotent."""
    session.connection().execute(
        delete(CodecSession).where(col(CodecSession.digest) == _digest(token))
    )


def _digest(token: Secret) -> str:
    return hashlib.sha256(token.reveal().encode()).hexdigest()
