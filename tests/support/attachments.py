"""Attachments for adapters and activities that are tested without the API."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlmodel import Session

from domain.states import StepName
from media.attachments import Attachment, NamedAttachment, read_attachment
from media.policy import SourcePolicies, SourcePolicy
from platforms.protocol import Credential, Platform
from store.queries.publishing.attachments import pin_attachments

_ANYWHERE = SourcePolicy(roots=(Path("/"),))


def policies(
    *roots: Path, data_dir: Path = Path("/nowhere"), allow_private: bool = False
) -> SourcePolicies:
    """Policies that give every workspace the same roots."""
    return SourcePolicies(data_dir=data_dir, roots_of=lambda _: roots, allow_private=allow_private)


def read_local(named: NamedAttachment) -> Attachment:
    return read_attachment(_ANYWHERE, named.url, at_most=named.rule.max_bytes)


def pin_local(session: Session, assignment_id: str, named: Iterable[NamedAttachment]) -> None:
    """What accepting an assignment does with the files that it names."""
    pin_attachments(session, assignment_id, [read_local(one).pin(one) for one in named])


def run_step(
    platform: Platform,
    step: StepName,
    credential: Credential,
    platform_id: str,
    payload: dict[str, Any],
    **more: Any,
) -> None:
    """Run a step on files of this machine."""
    platform.run_step(step, credential, platform_id, payload, read=read_local, **more)
