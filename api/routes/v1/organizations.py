"""Organizations: the customers of a workspace."""

from api.auth import Caller
from api.context import Here
from api.routes.paging import Limit, PageNumber
from api.routes.strict import json_router
from api.schemas.v1.connections import OrganizationList, OrganizationRequest, OrganizationView
from store.queries import workspaces
from store.queries.rows import PAGE_LIMIT

router = json_router("/organizations", "Organizations")


@router.post("", status_code=201)
def create(here: Here, workspace_id: Caller, wanted: OrganizationRequest) -> OrganizationView:
    """Create an organization. A retry creates another one."""
    with here.store.write() as session:
        organization = workspaces.create_organization(
            session,
            workspace_id=workspace_id,
            name=wanted.name,
            external_id=wanted.external_id,
        )
    return OrganizationView.model_validate(organization)


@router.get("")
def read_all(
    here: Here, workspace_id: Caller, page: PageNumber = 1, limit: Limit = PAGE_LIMIT
) -> OrganizationList:
    """The workspace's organizations, oldest first."""
    with here.store.read() as session:
        found = workspaces.list_organizations(session, workspace_id, page=page, limit=limit)
    return OrganizationList.model_validate(found)
