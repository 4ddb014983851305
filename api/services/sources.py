"""Replacing the address of an assignment's video."""

from collections.abc import Mapping

from api.context import Context
from api.services.faults import Faults
from api.services.orders import check_file
from api.services.videos import inspect_source
from domain.ids import WorkspaceId
from store.queries.publishing import sources
from store.tables import Assignment

_FIELD = "mediaUrl"


def replace_source(here: Context, row: Assignment, media_url: str) -> None:
    """Look at the file at another address, and publish from there. A retry does it again.

    After an error nothing is changed. Raises what `Faults.raise_any` raises for the file,
    `TooManyRequests` as every look at a file, and `Conflict` (codes `too_late` and
    `source_differs`).
    """
    sources.require_replaceable(row)
    workspace_id = WorkspaceId(row.workspace_id)
    faults = Faults()
    warnings: Mapping[str, str] = {}
    facts = None
    with faults.of((_FIELD, "")):
        facts = inspect_source(here, workspace_id, media_url)
        warnings = check_file(here, row.platform, row.type, facts, _FIELD)
    faults.raise_any()
    assert facts is not None, "what has no fault was seen"
    with here.store.write() as session:
        sources.replace_source(
            session,
            workspace_id,
            row.id,
            source_url=media_url,
            facts=facts,
            warnings=warnings,
        )
