"""How findings are shown: a line each, or one JSON object for machines.

    {"status": "ok" | "warning" | "failed",
     "examinedAt": "2026-11-30T05:00:00Z",
     "findings": [{"subject": "database", "state": "ok" | "skipped" | "warning" | "failed",
                   "fact": "…", "remedy": "…" | null, "figures": {"name": number | string | null}}]}

`status` is the worst state; `skipped` counts as ok. Subjects and names of figures are stable,
facts and remedies are sentences for people.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from runtime.health.finding import Finding, State, worst_of

_WORDS = {State.OK: "ok", State.SKIPPED: "skip", State.WARNING: "warn", State.FAILED: "fail"}
_WIDTH = 7


def report(findings: Sequence[Finding], say: Callable[[str], None], *, as_json: bool) -> None:
    if as_json:
        say(json.dumps(_as_json(findings)))
        return
    for finding in findings:
        say(f"{_WORDS[finding.state]:<{_WIDTH}}{finding.subject}: {finding.fact}")
        if finding.remedy is not None:
            say(f"{'':{_WIDTH}}{finding.remedy}")


def _as_json(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "status": worst_of(findings),
        "examinedAt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "findings": [
            {
                "subject": finding.subject,
                "state": finding.state,
                "fact": finding.fact,
                "remedy": finding.remedy,
                "figures": dict(finding.figures),
            }
            for finding in findings
        ],
    }
