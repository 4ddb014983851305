"""The tables.

Rows are projections and inputs: a workflow decides, the row tells. Columns named
`sealed_…` hold vault ciphertext bound to their own table, column and row; no column
holds a token, code, verifier, session URI, key or signed address in clear.
"""

from sqlmodel import SQLModel

from store.tables.access import Connection, CredentialRow, Ticket
from store.tables.columns import Moment, now
from store.tables.intake import Upload
from store.tables.maintenance import Orphan, Sweep
from store.tables.publishing import (
    Assignment,
    AttachmentRow,
    BlockSums,
    Evidence,
    IdempotencyClaim,
    ProposedEdit,
    Step,
    Transfer,
    Video,
)
from store.tables.telling import Delivery, Endpoint, Event
from store.tables.workspaces import (
    ApiKey,
    CodecSession,
    Installation,
    Organization,
    Process,
    ReplacedKey,
    Workspace,
)

METADATA = SQLModel.metadata
"""All of the tables, because this package has loaded each."""

__all__ = [
    "METADATA",
    "ApiKey",
    "Assignment",
    "AttachmentRow",
    "BlockSums",
    "CodecSession",
    "Connection",
    "CredentialRow",
    "Delivery",
    "Endpoint",
    "Event",
    "Evidence",
    "IdempotencyClaim",
    "Installation",
    "Moment",
    "Organization",
    "Orphan",
    "Process",
    "ProposedEdit",
    "ReplacedKey",
    "Step",
    "Sweep",
    "Ticket",
    "Transfer",
    "Upload",
    "Video",
    "Workspace",
    "now",
]
