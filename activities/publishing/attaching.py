"""The small files of an assignment, read for its steps: as they were accepted, or not at all."""

from domain.errors import SourceUnusable
from media.attachments import Attachment, NamedAttachment, ReadAttachment, read_attachment
from media.policy import SourcePolicy
from store.engine import Store
from store.queries.publishing.attachments import find_accepted_sha256


def reader_of(store: Store, policy: SourcePolicy, assignment_id: str) -> ReadAttachment:
    """What a step reads the files of this assignment with.

    It raises what `read_attachment` raises, and `SourceUnusable` (code `attachment_changed`) for
    bytes that are not those that were accepted.
    """

    def read(named: NamedAttachment) -> Attachment:
        with store.read() as session:
            accepted = find_accepted_sha256(session, assignment_id, named.url)
        attachment = read_attachment(policy, named.url, at_most=named.rule.max_bytes)
        if attachment.sha256 != accepted:
            raise SourceUnusable(
                "attachment_changed",
                f"The file of {named.field} is not the one that was accepted. "
                "Put that one back, or create the assignment again.",
            )
        return attachment

    return read
