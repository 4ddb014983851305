"""The small files of a payload: each is read once and judged before anything is accepted.

One that its origin refuses (a 404, an expired link) need not stop the video: the assignment is
accepted with a warning, and the step reads the file when the video is live.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from api.context import Context
from api.services.faults import Faults
from api.services.intake import require_complete
from domain.errors import SourceUnusable
from domain.ids import WorkspaceId
from domain.states import StepName
from media.attachments import PACE, AttachmentPin, NamedAttachment, read_attachment
from store.queries.publishing.attachments import note_missing, pin_attachments

_SECONDS = 30.0
"""For all files of a request together. With the look at its video it stays below a minute, which
is how long clients commonly wait."""
_STEPS = {"thumbnailUrl": StepName.THUMBNAIL, "captions": StepName.CAPTIONS}
"""Which step sends the file of a field."""
_LEAST_SECONDS = 1.0
"""For a file that is read when the time is used up."""


@dataclass(frozen=True, slots=True)
class SeenAttachments:
    """What the looks at one payload's files gave."""

    pins: list[AttachmentPin] = field(default_factory=list)
    missing: list[NamedAttachment] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    """For what is missing, by the warning's code."""

    def write(self, session: Session, assignment_id: str) -> None:
        """Write what was accepted. Idempotent. Raises as `pin_attachments` does."""
        pin_attachments(session, assignment_id, self.pins)
        note_missing(session, assignment_id, self.missing)

    def miss(self, named: NamedAttachment, why: SourceUnusable) -> None:
        """Take a file that is not there yet."""
        self.missing.append(named)
        self.warnings[_STEPS[named.field].missing_warning] = (
            f"{why.sentence} The file of {named.field} is read again when the video is live."
        )


def check_attachments(
    here: Context,
    workspace_id: WorkspaceId,
    wanted: Mapping[str, Sequence[NamedAttachment]],
    faults: Faults,
    prefix: str = "payload.",
    *,
    may_be_missing: bool = False,
) -> Mapping[str, SeenAttachments]:
    """What is seen of the files that payloads name, by platform; what is wrong goes to `faults`.

    `may_be_missing`: a file that its origin refuses is no fault. All of them together may take
    half a minute. One file is held in memory at a time. Reads only; a retry reads again.
    """
    policy = here.policies.of(workspace_id)
    seen = {platform: SeenAttachments() for platform in wanted}
    end = time.monotonic() + _SECONDS
    for url, uses in _by_url(wanted).items():
        at_most = max(named.rule.max_bytes for _, named in uses)
        pace = replace(PACE, seconds=max(_LEAST_SECONDS, end - time.monotonic()))
        fields = {_label(named, prefix) for _, named in uses}
        with faults.of(*sorted(fields)):
            require_complete(here, workspace_id, url)
            try:
                attachment = read_attachment(policy, url, at_most=at_most, pace=pace)
            except SourceUnusable as error:
                if not may_be_missing or error.code != "source_refused":
                    raise
                for platform, named in uses:
                    seen[platform].miss(named, error)
                continue
            for platform, named in uses:
                with faults.of(_label(named, prefix)):
                    seen[platform].pins.append(attachment.pin(named))
    return seen


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
