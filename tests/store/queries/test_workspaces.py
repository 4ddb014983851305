from pathlib import Path

import pytest

from domain.errors import Conflict, NotFound
from domain.secrets import Secret
from store.engine import Store
from store.queries import workspaces
from store.tables import ApiKey
from tests.store.conftest import Tenant


def test_a_name_is_taken_once(store: Store, tenant: Tenant) -> None:
    with store.write() as session:
        with pytest.raises(Conflict) as caught:
            workspaces.create_workspace(session, name="ours")
        assert caught.value.code == "workspace_exists"
        workspaces.create_workspace(session, name="another")
    with store.read() as session:
        names = [workspace.name for workspace in workspaces.list_workspaces(session)]
    assert names == ["another", "ours"]


def test_an_unknown_workspace_is_not_found(store: Store) -> None:
    with store.read() as session:
        assert workspaces.find_workspace_by_name(session, "ours") is None
        with pytest.raises(NotFound) as caught:
            workspaces.get_workspace(session, "wsp_unknown")
    assert caught.value.code == "workspace_not_found"


def test_redirects_are_allowed_once_each(store: Store, tenant: Tenant) -> None:
    for prefix in ("https://a.test/", "https://b.test/", "https://a.test/"):
        with store.write() as session:
            workspaces.allow_redirect(session, tenant.workspace.id, prefix=prefix)
    with store.write() as session:
        workspace = workspaces.get_workspace(session, tenant.workspace.id)
        assert workspace.redirect_prefixes == ["https://a.test/", "https://b.test/"]
        workspaces.set_redirect_prefixes(session, tenant.workspace.id, prefixes=[])
    with store.read() as session:
        workspace = workspaces.get_workspace(session, tenant.workspace.id)
        assert workspace.redirect_prefixes == []


def test_media_roots_belong_to_their_workspace(store: Store, tenant: Tenant) -> None:
    ours, shared = Path("/srv/ours"), Path("/srv/shared")
    with store.write() as session:
        other = workspaces.create_workspace(session, name="other")
        for _ in range(2):
            workspaces.add_media_root(session, tenant.workspace.id, folder=ours)
    with store.write() as session:
        # The setting's folders are for the oldest workspace alone.
        found = workspaces.find_media_roots(session, tenant.workspace.id, of_the_oldest=[shared])
        assert found == [ours, shared]
        assert workspaces.find_media_roots(session, other.id, of_the_oldest=[shared]) == []
        assert workspaces.find_media_roots(session, "wsp_unknown", of_the_oldest=[shared]) == []
        with pytest.raises(NotFound) as caught:
            workspaces.remove_media_root(session, other.id, folder=ours)
        assert caught.value.code == "media_root_not_found"
        workspaces.remove_media_root(session, tenant.workspace.id, folder=ours)
    with store.read() as session:
        assert workspaces.find_media_roots(session, tenant.workspace.id) == []


def test_a_key_opens_until_it_is_revoked(store: Store, tenant: Tenant) -> None:
    with store.write() as session:
        row, key = workspaces.create_key(session, workspace_id=tenant.workspace.id, label="ci")
    assert key.reveal().startswith("cl_")
    assert len(key.reveal()) == len("cl_") + 43
    with store.read() as session:
        found = workspaces.find_key(session, key)
        assert found is not None
        assert (found.id, found.workspace_id) == (row.id, tenant.workspace.id)
        assert workspaces.find_key(session, Secret(key.reveal() + "x")) is None
    with store.write() as session:
        revoked = workspaces.revoke_key(session, row.id).revoked_at
    with store.write() as session:
        assert workspaces.revoke_key(session, row.id).revoked_at == revoked
        assert workspaces.find_key(session, key) is None


def test_a_key_is_found_by_its_id_or_a_unique_ending(store: Store, tenant: Tenant) -> None:
    with store.write() as session:
        one, key = workspaces.create_key(session, workspace_id=tenant.workspace.id)
        two, _ = workspaces.create_key(session, workspace_id=None)
    for ending in (one.id, one.id[-8:], key.reveal()[-4:]):
        with store.read() as session:
            assert workspaces.find_key_by_ending(session, ending).id == one.id
    for ending in ("", "key", one.id[-3:], "no such key"):
        with pytest.raises(NotFound), store.read() as session:
            workspaces.find_key_by_ending(session, ending)
    with store.write() as session:
        session.get_one(ApiKey, two.id).hint = one.hint
    with pytest.raises(Conflict, match=f"{one.id}, {two.id}"), store.read() as session:
        workspaces.find_key_by_ending(session, one.hint)


def test_a_key_is_not_stored(store: Store, tenant: Tenant) -> None:
    with store.write() as session:
        row, key = workspaces.create_key(session, workspace_id=tenant.workspace.id)
    assert row.hint == key.reveal()[-4:]
    assert key.reveal()[3:] not in row.model_dump_json()


def test_an_operators_key_belongs_to_no_workspace(store: Store, tenant: Tenant) -> None:
    with store.write() as session:
        row, key = workspaces.create_key(session, workspace_id=None, label="operator")
        workspaces.create_key(session, workspace_id=tenant.workspace.id, label="theirs")
    assert key.reveal().startswith("cl_op_")
    assert row.workspace_id is None
    with store.read() as session:
        assert [key.label for key in workspaces.list_keys(session, None)] == ["operator"]
        assert [key.label for key in workspaces.list_keys(session, tenant.workspace.id)] == [
            "theirs"
        ]


def test_organizations_are_listed_in_pages(store: Store, tenant: Tenant, stranger: Tenant) -> None:
    with store.write() as session:
        for name in ("a", "b", "c"):
            workspaces.create_organization(session, workspace_id=tenant.workspace.id, name=name)
        workspaces.create_organization(session, workspace_id=stranger.workspace.id, name="theirs")
    with store.read() as session:
        first = workspaces.list_organizations(session, tenant.workspace.id, page=1, limit=2)
        second = workspaces.list_organizations(session, tenant.workspace.id, page=2, limit=2)
        third = workspaces.list_organizations(session, tenant.workspace.id, page=3, limit=2)
    assert [row.name for row in first.items] == ["a", "b"]
    assert [row.name for row in second.items] == ["c"]
    assert list(third.items) == []
    assert (first.total, third.total) == (3, 3)


def test_a_foreign_organization_is_not_found_like_an_unknown_one(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    with store.write() as session:
        organization = workspaces.create_organization(
            session, workspace_id=stranger.workspace.id, name="theirs"
        )
    said = []
    with store.read() as session:
        for organization_id in (organization.id, "org_unknown"):
            with pytest.raises(NotFound) as caught:
                workspaces.get_organization(session, tenant.workspace.id, organization_id)
            said.append((caught.value.code, caught.value.sentence))
    assert said == [("organization_not_found", "There is no such organization.")] * 2
