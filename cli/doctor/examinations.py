"""Every examination, in the order in which it is shown, and how they are run."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from cli.doctor import (
    api,
    configuration,
    consents,
    database,
    lost,
    machine,
    maintenance,
    proxies,
    temporal,
    work,
)
from cli.doctor.installation import Installation
from cli.doctor.report import report
from domain.errors import CastlineError
from domain.states import PlatformName
from runtime.health.finding import Finding, Found, State, failed, ok, run_check, skipped, worst_of
from runtime.settings import Settings

SECONDS = 10.0
LONG_SECONDS = 30.0
"""For what asks a platform or Temporal's lists."""


@dataclass(frozen=True, slots=True)
class Examination:
    subject: str
    look: Callable[[Installation], Awaitable[Found]]
    seconds: float = SECONDS


EXAMINATIONS: tuple[Examination, ...] = (
    Examination("python", machine.look_at_python),
    Examination("data folder", machine.look_at_data_folder),
    Examination("file modes", machine.look_at_file_modes),
    Examination("folders", machine.look_at_folders),
    Examination("key set", configuration.look_at_keyset),
    Examination("public URL", configuration.look_at_public_url),
    Examination("emulator", configuration.look_at_emulator),
    Examination("proxies", proxies.look_at_proxies, LONG_SECONDS),
    Examination("probe isolation", machine.look_at_isolation, LONG_SECONDS),
    Examination("database", database.look_at_database),
    Examination("database clock", database.look_at_clock),
    Examination("processes", database.look_at_processes),
    Examination("connections", database.look_at_connections),
    Examination("consents", consents.look_at_consents),
    Examination("Temporal", temporal.look_at_namespace),
    Examination("task queues", temporal.look_at_queues),
    Examination("Temporal clock", temporal.look_at_clock),
    Examination("open work", work.look_at_open_work),
    Examination("stuck work", work.look_at_stuck_work),
    Examination("lost workflows", lost.look_at_lost_workflows, LONG_SECONDS),
    Examination("sweep", maintenance.look_at_sweep),
    Examination("orphans", maintenance.look_at_orphans),
    Examination("restores", maintenance.look_at_restores),
    *(
        Examination(f"{name} app", partial(configuration.look_at_platform, name=name), LONG_SECONDS)
        for name in PlatformName
    ),
    Examination("API", api.look_at_api),
)


async def run_doctor(say: Callable[[str], None], *, as_json: bool = False) -> int:
    """Examine what the environment's settings name; refused settings are a finding, too."""
    try:
        settings = Settings()
    except CastlineError as error:
        remedy = "Correct it; README.md lists all settings."
        refused = [failed("settings", fault, remedy) for fault in error.sentence.splitlines()]
        unseen = [skipped(one.subject, "the settings are refused") for one in EXAMINATIONS]
        return _conclude([*refused, *unseen], say, as_json=as_json)
    return await examine(settings, say, as_json=as_json)


async def examine(settings: Settings, say: Callable[[str], None], *, as_json: bool = False) -> int:
    """Say what was found. Returns the exit code: 1 when something failed, else 0."""
    here = Installation(settings)
    try:
        found = await asyncio.gather(
            *(
                run_check(one.subject, partial(one.look, here), seconds=one.seconds)
                for one in EXAMINATIONS
            )
        )
    finally:
        await here.close()
    settled = ok("settings", "every CASTLINE_ name is known and every value is valid")
    findings = [settled, *(finding for some in found for finding in some)]
    return _conclude(findings, say, as_json=as_json)


def _conclude(findings: list[Finding], say: Callable[[str], None], *, as_json: bool) -> int:
    report(findings, say, as_json=as_json)
    return 1 if worst_of(findings) is State.FAILED else 0
