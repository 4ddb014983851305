"""What the doctor says of consents that the app's settings ended."""

from collections.abc import Callable
from datetime import timedelta

from domain.explanations import EXPLANATIONS, ErrorDetail
from domain.states import TicketState
from runtime.health.finding import State
from runtime.settings import Settings
from store.queries.access import tickets
from store.tables import now
from tests.cli.doctor.conftest import Installation
from tests.support.doctor import look, look_at

Choose = Callable[..., Settings]


def end(here: Installation, detail: ErrorDetail, *, ago: timedelta = timedelta(0)) -> None:
    with here.store.write() as session:
        ticket = tickets.create_ticket(
            session,
            workspace_id=here.workspace.id,
            platform="facebook",
            redirect_url=None,
            callback_url="http://127.0.0.1/callback",
            expires_at=now() - ago,
        )
        tickets.settle_ticket(
            session, ticket.id, state=TicketState.REFUSED, error_detail=detail, error="Why."
        )


async def test_only_what_the_operator_can_correct_is_told(
    chosen: Choose, installation: Installation
) -> None:
    end(installation, ErrorDetail.ACCESS_DENIED)
    end(installation, ErrorDetail.APP_NOT_PUBLIC, ago=timedelta(days=2))
    found = await look_at(chosen(), "consents")
    assert found.state is State.OK
    for _ in range(3):
        end(installation, ErrorDetail.REDIRECT_URI_MISMATCH)
    end(installation, ErrorDetail.APP_NOT_PUBLIC)
    told = {one.subject: one for one in await look(chosen(), "consents")}
    assert list(told) == [
        "consents: facebook app_not_public",
        "consents: facebook redirect_uri_mismatch",
    ]
    mismatch = told["consents: facebook redirect_uri_mismatch"]
    assert (mismatch.state, mismatch.figures["count"]) == (State.WARNING, 3)
    assert mismatch.fact.startswith("3 of the last day ended: The application's address")
    assert mismatch.remedy == EXPLANATIONS[ErrorDetail.REDIRECT_URI_MISMATCH].check
