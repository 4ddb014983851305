"""What keeps the database and Temporal in step: sweeps, orphans, and restores from a backup."""

from datetime import UTC, datetime, timedelta

from cli.doctor.installation import Installation
from cli.doctor.lengths import length
from runtime.generation import generation_file, is_ahead, read_generation
from runtime.health.finding import Finding, failed, in_thread, ok, warning
from runtime.health.sweep import check_sweep
from runtime.settings import Settings
from store.engine import Store
from store.queries import installation, reports

_RECENT = timedelta(days=7)


async def look_at_sweep(here: Installation) -> Finding:
    store = await here.store()
    return await in_thread(check_sweep, store, here.settings.reconcile_seconds)


async def look_at_orphans(here: Installation) -> Finding:
    """Workflows that ran without an open row. A sweep lists them before it ends them."""
    return await in_thread(_find_orphans, await here.store())


def _find_orphans(store: Store) -> Finding:
    with store.read() as session:
        orphans = reports.find_orphans(session, since=datetime.now(UTC) - _RECENT)
    if not orphans.count:
        return ok("orphans", "no workflow ran without a row in the last 7 days", count=0)
    return warning(
        "orphans",
        f"{orphans.count} workflows ran without an open row in the last 7 days and were ended: "
        f"{', '.join(orphans.latest)}",
        "`castline orphans` lists them. Compare them with what your application sent.",
        count=orphans.count,
    )


async def look_at_restores(here: Installation) -> Finding:
    """Whether the database was put back to a backup, and what is still to be read back."""
    return await in_thread(_find_restore, here.settings, await here.store())


def _find_restore(settings: Settings, store: Store) -> Finding:
    with store.read() as session:
        row = installation.find_installation(session)
        unread = reports.count_unread(session)
    noted = read_generation(generation_file(settings))
    if row is None:
        return ok("restores", "none")
    if noted is not None and is_ahead(noted, row.installation_id, row.generation):
        return failed(
            "restores",
            "the database is older than the work that was done with it, and no process has "
            "noticed yet",
            "Start a worker: every open assignment is read back before anything is sent.",
            epoch=row.epoch,
        )
    if row.restored_at is None or row.gap_from is None:
        return ok("restores", "none", epoch=row.epoch)
    ago = length(datetime.now(UTC) - row.restored_at)
    fact = f"restored {ago} ago; work since {row.gap_from:%Y-%m-%d %H:%M:%S} UTC may be missing"
    if unread or row.histories_read_at is None:
        return warning(
            "restores",
            f"{fact}; {unread} open assignments are still to be read back",
            "Let a worker run. An assignment that becomes `unconfirmed` needs a person: "
            "`castline timeline ID` shows its candidates.",
            epoch=row.epoch,
            unread=unread,
        )
    return ok("restores", f"{fact}; everything was read back", epoch=row.epoch, unread=0)
