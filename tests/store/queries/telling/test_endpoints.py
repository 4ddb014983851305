"""Endpoints and what signs their deliveries."""

from datetime import timedelta

import pytest

from domain.errors import Conflict
from store.queries.telling import endpoints
from store.tables import Endpoint, now
from store.vault import Vault
from tests.store.conftest import Tenant

DAY = timedelta(days=1)


def create(tenant: Tenant, vault: Vault) -> Endpoint:
    with tenant.store.write() as session:
        return endpoints.create_endpoint(
            session, vault, workspace_id=tenant.workspace.id, url="https://example.com/"
        )


def rotate(tenant: Tenant, vault: Vault, endpoint: Endpoint, overlap: timedelta) -> Endpoint:
    with tenant.store.write() as session:
        return endpoints.rotate_secret(
            session, vault, tenant.workspace.id, endpoint.id, overlap=overlap
        )


def test_a_secret_is_sealed_and_each_endpoint_has_its_own(tenant: Tenant, vault: Vault) -> None:
    one, other = create(tenant, vault), create(tenant, vault)
    secret = endpoints.read_secret(vault, one)
    assert secret != endpoints.read_secret(vault, other)
    assert secret.reveal().encode() not in one.sealed_secret


def test_a_secret_that_leaves_signs_for_a_while(tenant: Tenant, vault: Vault) -> None:
    endpoint = create(tenant, vault)
    old = endpoints.read_secret(vault, endpoint)
    rotated = rotate(tenant, vault, endpoint, DAY)
    new = endpoints.read_secret(vault, rotated)
    assert endpoints.signing_secrets(vault, rotated, now()) == [new, old]
    assert endpoints.signing_secrets(vault, rotated, now() + DAY) == [new]


def test_a_secret_that_has_leaked_is_gone_at_once(tenant: Tenant, vault: Vault) -> None:
    endpoint = rotate(tenant, vault, create(tenant, vault), DAY)
    rotated = rotate(tenant, vault, endpoint, timedelta(0))
    assert rotated.sealed_old_secret is None
    assert len(endpoints.signing_secrets(vault, rotated, now())) == 1


def test_the_callbacks_have_one_endpoint_which_does_not_count(tenant: Tenant, vault: Vault) -> None:
    for _ in range(endpoints.MOST):
        create(tenant, vault)
    with tenant.store.write() as session:
        one = endpoints.ensure_callbacks(session, vault, tenant.workspace.id)
    with tenant.store.write() as session:
        assert endpoints.ensure_callbacks(session, vault, tenant.workspace.id).id == one.id
    with pytest.raises(Conflict):
        create(tenant, vault)


def test_another_url_begins_anew(tenant: Tenant, vault: Vault) -> None:
    endpoint = create(tenant, vault)
    with tenant.store.write() as session:
        endpoints.lock_endpoint(session, endpoint.id).failing_since = now()
    with tenant.store.write() as session:
        moved = endpoints.update_endpoint(
            session, tenant.workspace.id, endpoint.id, url="https://example.org/"
        )
    assert moved.failing_since is None
