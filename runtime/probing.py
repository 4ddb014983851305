"""Whether the processes that parse foreign files are isolated, and what follows from it.

Behind a public https URL anybody's customer may name a file, so the API refuses to start where the
kernel isolates nothing. On a machine of one's own it starts, and its log says so.
"""

import logging

from domain.errors import CastlineError
from media.probe.isolation import Isolation
from media.probe.pool import PROBES
from runtime.settings import Settings

log = logging.getLogger("castline.probe")

NO_ISOLATION = (
    "A crafted video file could read files and call hosts. Run Castline on Linux, x86-64 or ARM64, "
    "with seccomp filters, and in a container whose seccomp profile allows prctl(PR_SET_SECCOMP). "
    "CASTLINE_PROBE_WITHOUT_ISOLATION=true accepts the risk."
)
NO_LANDLOCK = (
    "Landlock, the second layer, is missing: Linux 5.13 or later has it, with `landlock` among its "
    "security modules and, in a container, its system calls allowed"
)


def ensure_isolation(settings: Settings) -> Isolation:
    """Measure the isolation of a probe process, log it, and return it.

    Raises `CastlineError` (code `probe_not_isolated`) when there is none and the public URL is
    https, unless the settings accept it, and `Unavailable` when no probe process starts.
    """
    isolation = PROBES.measure_isolation()
    if isolation.is_complete:
        log.info("probe processes are isolated: %s", isolation)
        return isolation
    if settings.url.startswith("https:") and not settings.probe_without_isolation:
        raise CastlineError(
            "probe_not_isolated",
            f"Probe processes are not isolated on this machine ({isolation}), and the API is "
            f"public at {settings.url}. {NO_ISOLATION}",
        )
    log.warning("probe processes are not isolated (%s). %s", isolation, NO_ISOLATION)
    return isolation
