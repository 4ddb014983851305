"""Webhooks: who is told of what happens, and how that went."""

from datetime import timedelta

from api.auth import Caller
from api.context import Here
from api.routes.paging import Filter, Limit, PageNumber, PathId
from api.routes.strict import Asked, checked, json_router
from api.schemas.problem import answers
from api.schemas.v1.webhooks import (
    DeliveryList,
    DeliveryView,
    EndpointList,
    EndpointPatch,
    EndpointRequest,
    EndpointView,
    SecretRotation,
    SecretView,
)
from api.services.webhooks import check_url
from domain.errors import Conflict, NotFound
from domain.states import DeliveryState
from store.queries.rows import PAGE_LIMIT
from store.queries.telling import deliveries, endpoints

router = json_router("/webhooks", "Events and webhooks")


def _check_url(asked: Asked) -> None:
    if (url := asked.given.get("url")) is not None:
        with asked.faults.of(("url", "")):
            check_url(asked.here, asked.workspace_id, url, "url")


@router.post("/endpoints", status_code=201, responses=answers(Conflict))
@checked(_check_url)
def create(here: Here, workspace_id: Caller, wanted: EndpointRequest) -> EndpointView:
    """Tell this URL of what happens from now on. A retry makes another endpoint."""
    if wanted.url is not None:
        check_url(here, workspace_id, wanted.url, "url")
    with here.store.write() as session:
        if wanted.url is None:
            endpoint = endpoints.ensure_callbacks(session, here.vault, workspace_id)
        else:
            endpoint = endpoints.create_endpoint(
                session,
                here.vault,
                workspace_id=workspace_id,
                url=wanted.url,
                description=wanted.description,
                event_types=wanted.event_types,
            )
    return EndpointView.model_validate(endpoint)


@router.get("/endpoints")
def read_all(
    here: Here, workspace_id: Caller, page: PageNumber = 1, limit: Limit = PAGE_LIMIT
) -> EndpointList:
    """The workspace's endpoints, oldest first."""
    with here.store.read() as session:
        found = endpoints.find_endpoints(session, workspace_id, page=page, limit=limit)
    return EndpointList.model_validate(found)


@router.get("/endpoints/{endpoint_id}", responses=answers(NotFound))
def read(here: Here, workspace_id: Caller, endpoint_id: PathId) -> EndpointView:
    """One endpoint, and how it fares."""
    with here.store.read() as session:
        endpoint = endpoints.get_endpoint(session, workspace_id, endpoint_id)
    return EndpointView.model_validate(endpoint)


@router.patch("/endpoints/{endpoint_id}", responses=answers(NotFound, Conflict))
@checked(_check_url)
def change(
    here: Here, workspace_id: Caller, endpoint_id: PathId, changes: EndpointPatch
) -> EndpointView:
    """Move it, choose what it is told, or switch it off and on."""
    if changes.url is not None:
        check_url(here, workspace_id, changes.url, "url")
    with here.store.write() as session:
        endpoint = endpoints.update_endpoint(session, workspace_id, endpoint_id, **changes.changes)
    return EndpointView.model_validate(endpoint)


@router.delete("/endpoints/{endpoint_id}", status_code=204, responses=answers(NotFound, Conflict))
def end(here: Here, workspace_id: Caller, endpoint_id: PathId) -> None:
    """Tell it no more, and forget its deliveries."""
    with here.store.write() as session:
        endpoints.delete_endpoint(session, workspace_id, endpoint_id)


@router.get("/endpoints/{endpoint_id}/secret", responses=answers(NotFound))
def read_secret(here: Here, workspace_id: Caller, endpoint_id: PathId) -> SecretView:
    """What its deliveries are signed with."""
    with here.store.read() as session:
        endpoint = endpoints.get_endpoint(session, workspace_id, endpoint_id)
    secret = endpoints.read_secret(here.vault, endpoint)
    return SecretView(secret=secret.reveal(), old_secret_ends_at=endpoint.old_secret_ends_at)


@router.post("/endpoints/{endpoint_id}/rotate-secret", responses=answers(NotFound))
def rotate_secret(
    here: Here, workspace_id: Caller, endpoint_id: PathId, wanted: SecretRotation | None = None
) -> SecretView:
    """Make another secret. For a while the present one signs, too: receivers take either."""
    overlap = timedelta(hours=(wanted or SecretRotation()).overlap_hours)
    with here.store.write() as session:
        endpoint = endpoints.rotate_secret(
            session, here.vault, workspace_id, endpoint_id, overlap=overlap
        )
    secret = endpoints.read_secret(here.vault, endpoint)
    return SecretView(secret=secret.reveal(), old_secret_ends_at=endpoint.old_secret_ends_at)


@router.get("/deliveries")
def read_deliveries(
    here: Here,
    workspace_id: Caller,
    endpointId: Filter = None,  # noqa: N803  # the surface's names
    state: DeliveryState | None = None,
    eventId: Filter = None,  # noqa: N803
    subjectId: Filter = None,  # noqa: N803
    page: PageNumber = 1,
    limit: Limit = PAGE_LIMIT,
) -> DeliveryList:
    """What was told and what is to be told, the newest events first."""
    with here.store.read() as session:
        found = deliveries.find_deliveries(
            session,
            workspace_id,
            endpoint_id=endpointId,
            state=state,
            event_id=eventId,
            subject_id=subjectId,
            page=page,
            limit=limit,
        )
    return DeliveryList.model_validate(found)


@router.get("/deliveries/{delivery_id}", responses=answers(NotFound))
def read_delivery(here: Here, workspace_id: Caller, delivery_id: PathId) -> DeliveryView:
    """One delivery, and what came of its tries."""
    with here.store.read() as session:
        delivery = deliveries.get_delivery(session, workspace_id, delivery_id)
    return DeliveryView.model_validate(delivery)


@router.post(
    "/deliveries/{delivery_id}/redeliver",
    status_code=202,
    responses=answers(NotFound, Conflict),
)
def redeliver(here: Here, workspace_id: Caller, delivery_id: PathId) -> DeliveryView:
    """Try it now, whatever came of it before, and with all of its time again."""
    with here.store.write() as session:
        delivery = deliveries.redeliver(session, workspace_id, delivery_id)
    return DeliveryView.model_validate(delivery)
