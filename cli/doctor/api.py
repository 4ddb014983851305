"""The API: it answers where the settings say, can accept, and has our time."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2

from cli.doctor.clocks import judge_clock
from cli.doctor.installation import Installation
from cli.service import locate_api, transport_to
from domain.errors import Unavailable
from runtime.health.finding import Finding, State, failed, in_thread, ok, skipped

_SECONDS = 8
_DATE_RESOLUTION = timedelta(seconds=2)
"""The header has whole seconds, and uvicorn renews it once a second."""


async def look_at_api(here: Installation) -> list[Finding]:
    remedy = "castline up, or `castline api`. If another program has the port: CASTLINE_PORT."
    try:
        place = locate_api(here.settings)
    except Unavailable:
        unknown = failed("API", "none runs, and CASTLINE_PORT=0 lets it choose its port", remedy)
        return [unknown, skipped("API clock", "the API does not answer")]
    url, before = place.url, datetime.now(UTC)
    try:
        answer = await in_thread(_ask, f"{url}/readyz", transport_to(place, here.settings))
    except httpx2.HTTPError:
        unreachable = failed("API", f"does not answer at {url}", remedy)
        return [unreachable, skipped("API clock", "the API does not answer")]
    return [_judge(url, answer), _judge_clock(answer, before)]


def _ask(url: str, transport: httpx2.BaseTransport) -> httpx2.Response:
    with httpx2.Client(timeout=_SECONDS, transport=transport, trust_env=False) as http:
        return http.get(url)


def _judge(url: str, answer: httpx2.Response) -> Finding:
    if answer.is_success:
        return ok("API", f"ready at {url}")
    try:
        parts = answer.json()["parts"].items()
        lacks = "; ".join(f"{name} {part['fact']}" for name, part in parts if _is_failed(part))
    except (ValueError, KeyError, AttributeError, TypeError):
        return failed(
            "API",
            f"{url} answers with status {answer.status_code}, and not like Castline",
            "Does another program have the port? CASTLINE_PORT chooses another one.",
        )
    return failed("API", f"{url} is not ready: {lacks}", "Mend that; /readyz says what to do.")


def _is_failed(part: dict[str, str]) -> bool:
    return part["state"] == State.FAILED


def _judge_clock(answer: httpx2.Response, before: datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return skipped("API clock", "the answer has no date")
    return judge_clock(
        "API clock",
        theirs,
        before=before,
        after=datetime.now(UTC),
        resolution=_DATE_RESOLUTION,
    )
