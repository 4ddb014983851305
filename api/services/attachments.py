"""The small files of a payload: each is read once and judged before anything is accepted."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from api.context import Context
from api.services.faults import Faults
from api.services.intake import require_complete
from domain.ids import WorkspaceId
from media.attachments import PACE, AttachmentPin, NamedAttachment, read_attachment
from store.queries.publishing.attachments import pin_attachments
from store.tables import Assignment

_SECONDS = 30.0
"""For all files of a request together. With the look at its video it stays below a minute, which
is how long clients commonly wait."""
_LEAST_SECONDS = 1.0
"""For a file that is read when the time is used up."""


def check_attachments(
    here: Context,
    workspace_id: WorkspaceId,
    wanted: Mapping[str, Sequence[NamedAttachment]],
    faults: Faults,
    prefix: str = "payload.",
) -> Mapping[str, Sequence[AttachmentPin]]:
    """The pins of the files that payloads name, by platform; what is wrong goes to `faults`.

    All of them together may take half a minute. One file is held in memory at a time. Reads
    only; a retry reads again.
    """
    policy = here.policies.of(workspace_id)
    pins: dict[str, list[AttachmentPin]] = {platform: [] for platform in wanted}
    end = time.monotonic() + _SECONDS
    for url, uses in _by_url(wanted).items():
        at_most = max(named.rule.max_bytes for _, named in uses)
        pace = replace(PACE, seconds=max(_LEAST_SECONDS, end - time.monotonic()))
        fields = {_label(named, prefix) for _, named in uses}
        with faults.of(*sorted(fields)):
            require_complete(here, workspace_id, url)
            attachment = read_attachment(policy, url, at_most=at_most, pace=pace)
            for platform, named in uses:
                with faults.of(_label(named, prefix)):
                    pins[platform].append(attachment.pin(named))
    return pins


def pin_payload(here: Context, row: Assignment, payload: Mapping[str, Any]) -> None:
    """Check the files of an edited payload and pin them. A retry does it again.

    Raises what `Faults.raise_any` raises.
    """
    faults = Faults()
    wanted = {row.platform: here.registry.get(row.platform).attachments(payload)}
    pins = check_attachments(here, WorkspaceId(row.workspace_id), wanted, faults)
    faults.raise_any()
    with here.store.write() as session:
        pin_attachments(session, row.id, pins[row.platform])


def _by_url(
    wanted: Mapping[str, Iterable[NamedAttachment]],
) -> Mapping[str, Sequence[tuple[str, NamedAttachment]]]:
    found: dict[str, list[tuple[str, NamedAttachment]]] = {}
    for platform, names in wanted.items():
        for named in names:
            found.setdefault(named.url, []).append((platform, named))
    return found


def _label(named: NamedAttachment, prefix: str) -> tuple[str, str]:
    """The field as error details call it, and which of several files it is."""
    return prefix + named.field, "" if named.item is None else f"track {named.item}: "
