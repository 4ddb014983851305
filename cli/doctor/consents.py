"""Consents that ended because the platform app, or the settings for it, are wrong."""

from collections.abc import Sequence
from datetime import timedelta

from cli.doctor.installation import Installation
from domain.consents import detail_of, sentence_of
from domain.explanations import EXPLANATIONS, ConsentRemedy
from runtime.health.finding import Finding, in_thread, ok, warning
from store.engine import Store
from store.queries import reports
from store.queries.reports import EndedConsents
from store.tables import now

_SINCE = timedelta(days=1)
_OF_THE_OPERATOR = tuple(
    detail
    for detail, explained in EXPLANATIONS.items()
    if explained.remedy is ConsentRemedy.OPERATOR
)


async def look_at_consents(here: Installation) -> list[Finding]:
    """Why consents of the last day ended, where only the operator can correct it."""
    ended = await in_thread(_count, await here.store())
    if not ended:
        return [ok("consents", "none of the last day was ended by the app or its settings")]
    return [_describe(group) for group in ended]


def _count(store: Store) -> Sequence[EndedConsents]:
    with store.read() as session:
        return reports.count_ended_consents(session, _OF_THE_OPERATOR, since=now() - _SINCE)


def _describe(group: EndedConsents) -> Finding:
    detail = detail_of(group.detail)
    return warning(
        f"consents: {group.platform} {detail}",
        f"{group.count} of the last day ended: {sentence_of(detail, group.platform)}",
        EXPLANATIONS[detail].check or "",
        count=group.count,
    )
