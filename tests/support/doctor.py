"""One examination of `castline doctor` at a time."""

from cli.doctor import EXAMINATIONS
from cli.doctor.installation import Installation
from runtime.health.finding import Finding, State, run_check
from runtime.settings import Settings


async def look(settings: Settings, subject: str) -> list[Finding]:
    """What the examination of this subject finds."""
    here = Installation(settings)
    (one,) = [one for one in EXAMINATIONS if one.subject == subject]
    try:
        return await run_check(subject, lambda: one.look(here), seconds=60)
    finally:
        await here.close()


async def look_at(settings: Settings, subject: str, found: str | None = None) -> Finding:
    """The one finding of an examination; of several, the one with the subject `found`."""
    findings = await look(settings, subject)
    (finding,) = [one for one in findings if found is None or one.subject == found]
    # Whatever is wrong says what to do.
    assert (finding.remedy is None) == (finding.state in (State.OK, State.SKIPPED))
    return finding
