"""Whether the dev server's state in the data folder fits the database.

The database is the truth, and `temporal.db` follows it. So what to do about state that does not
start, or that is another installation's, is the same each time: delete it, and the workflows are
built again. Only where the database itself was lost a backup comes first.
"""

from pathlib import Path

from temporalio.client import Client

from domain.errors import Conflict
from runtime.temporal import find_owner

_FILES = "temporal.db, temporal.db-shm and temporal.db-wal"


def damaged_remedy(data: Path) -> str:
    """What to do when the dev server does not start. A full disk leaves half a schema, for one."""
    return (
        f"If the log complains of its tables or its database, delete {_FILES} in {data} and start "
        "again: every workflow is built again from Castline's database."
    )


async def refuse_other_owner(client: Client, data: Path, installation_id: str | None) -> None:
    """Raise `Conflict` (code `temporal_of_another`) where the state is not the database's.

    `installation_id` is None for a database that was never used.
    """
    owner = await find_owner(client)
    if owner is None or owner == installation_id:
        return
    whose = "is new" if installation_id is None else f"is of installation {installation_id}"
    raise Conflict(
        "temporal_of_another",
        f"{data / 'temporal.db'} belongs to installation {owner}, and the database {whose}. Was "
        "the database lost? Put it back with `castline restore` (docs/backup.md). Is it the right "
        f"one? Then delete {_FILES} in {data} and start again; the work of the other installation "
        "is not continued.",
    )
