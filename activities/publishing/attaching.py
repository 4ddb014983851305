"""The small files of an assignment, read for its steps: as they were accepted, or not at all.

A file that its origin refused at acceptance is judged and pinned when a step finds it first.
"""

from domain.errors import SourceUnusable
from media.attachments import Attachment, NamedAttachment, ReadAttachment, read_attachment
from media.policy import SourcePolicy
from store.engine import Store
from store.queries.publishing.attachments import find_accepted, pin_attachments


def reader_of(store: Store, policy: SourcePolicy, assignment_id: str) -> ReadAttachment:
    """What a step reads the files of this assignment with.

    It raises what `read_attachment` raises, and `SourceUnusable`: with `attachment_changed` for
    bytes that are not those that were accepted, and what `Attachment.pin` says of bytes that are
    seen for the first time.
    """

    def read(named: NamedAttachment) -> Attachment:
        with store.read() as session:
            accepted = find_accepted(session, assignment_id, named.url)
        attachment = read_attachment(policy, named.url, at_most=named.rule.max_bytes)
        if accepted is not None and accepted.sha256 is None:
            pin = attachment.pin(named)
            with store.write() as session:
                pin_attachments(session, assignment_id, [pin])
        elif accepted is None or attachment.sha256 != accepted.sha256:
            raise SourceUnusable(
                "attachment_changed",
                f"The file of {named.field} is not the one that was accepted. "
                "Put that one back, or create the assignment again.",
            )
        return attachment

    return read
