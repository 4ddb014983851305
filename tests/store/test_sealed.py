"""Addresses lie sealed in their rows, and read like any other text."""

from typing import Any

import pytest
from sqlalchemy import text

from domain.errors import CastlineError
from store.engine import Store
from store.keyring import Keyring
from store.queries.publishing import assignments, edits, videos
from store.queries.telling import endpoints
from store.resealing import reseal_all
from store.sealed import is_address, seal_into, seal_payload_into
from store.tables import Assignment, Video
from store.vault import Vault
from tests.store.conftest import FACTS, Tenant

SIGNED = "https://bucket.example.com/a.mp4?X-Amz-Signature=CANARY0123456789"
PAYLOAD = {
    "title": "Bread and https://example.com/not-alone",
    "thumbnailUrl": SIGNED,
    "captions": [{"language": "en", "url": f"{SIGNED}1"}, {"language": "de", "url": f" {SIGNED}2"}],
    "tags": ["bread", "ratio 16:9", ""],
    "empty": None,
    "notifySubscribers": True,
}


def video_of(tenant: Tenant) -> Video:
    with tenant.store.write() as session:
        return videos.create_video(
            session, workspace_id=tenant.workspace.id, source_url=SIGNED, facts=FACTS
        )


def assignment_of(tenant: Tenant, payload: dict[str, Any] = PAYLOAD) -> Assignment:
    connection, video = tenant.connection(), video_of(tenant)
    with tenant.store.write() as session:
        return assignments.create_assignment(
            session,
            workspace_id=tenant.workspace.id,
            connection_id=connection.id,
            video_id=video.id,
            platform="youtube",
            payload=payload,
            callback_url=SIGNED,
        )


def stored(store: Store, *tables: str) -> str:
    with store.read() as session:
        return str(
            [session.connection().execute(text(f"SELECT * FROM {name}")).all() for name in tables]
        )


def test_addresses_come_back_and_lie_in_no_column(tenant: Tenant) -> None:
    made = assignment_of(tenant)
    assert (made.payload, made.callback_url) == (PAYLOAD, SIGNED)
    with tenant.store.read() as session:
        row = assignments.get_assignment_by_id(session, made.id)
        video = videos.get_video_by_id(session, made.video_id)
    # After their session, too.
    assert (row.payload, row.callback_url, video.source_url) == (PAYLOAD, SIGNED, SIGNED)
    assert "CANARY" not in stored(tenant.store, "assignment", "video", "event", "delivery")
    assert row.clear_payload["title"] == PAYLOAD["title"]
    assert row.clear_payload["captions"][0] == {"language": "en", "url": None}


def test_an_edit_replaces_the_addresses(tenant: Tenant) -> None:
    made = assignment_of(tenant)
    for payload in ({"title": "No address"}, {"title": "One", "thumbnailUrl": f"{SIGNED}3"}):
        with tenant.store.write() as session:
            version = edits.propose_edit(session, made.id, payload=payload)
        assert "CANARY" not in stored(tenant.store, "proposed_edit")
        with tenant.store.write() as session:
            assert edits.apply_edit(session, made.id, version)
        with tenant.store.read() as session:
            assert assignments.get_assignment_by_id(session, made.id).payload == payload
        assert "CANARY" not in stored(tenant.store, "assignment")


def test_an_address_moved_to_another_row_does_not_open(tenant: Tenant) -> None:
    one, two = video_of(tenant), video_of(tenant)
    with tenant.store.write() as session:
        videos.get_video_by_id(session, two.id).sealed_source_url = one.sealed_source_url
    with tenant.store.read() as session:
        moved = videos.get_video_by_id(session, two.id)
    with pytest.raises(CastlineError) as caught:
        _ = moved.source_url
    assert caught.value.code == "seal_broken"


def test_addresses_are_resealed_and_open_with_the_new_key(
    tenant: Tenant, url: str, keyring: Keyring
) -> None:
    made = assignment_of(tenant)
    extended = Keyring.from_json(keyring.with_new_key())
    promoted = Keyring.from_json(extended.with_newest_primary())
    assert reseal_all(tenant.store, Vault(promoted)) > 2
    only_new = Keyring.from_json(promoted.without(keyring.primary_key_id))
    later = Store(url, Vault(only_new))
    with later.read() as session:
        row = assignments.get_assignment_by_id(session, made.id)
        assert (row.payload, row.callback_url) == (PAYLOAD, SIGNED)
    later.close()


def test_without_a_key_set_the_rest_of_a_row_is_read(tenant: Tenant, url: str) -> None:
    made = assignment_of(tenant)
    blind = Store(url)
    with blind.read() as session:
        row = assignments.get_assignment_by_id(session, made.id)
    blind.close()
    assert row.id == made.id
    with pytest.raises(CastlineError) as caught:
        _ = row.callback_url
    assert caught.value.code == "vault_missing"


def test_what_is_sealed_is_not_given_to_the_constructor() -> None:
    with pytest.raises(TypeError, match="source_url is sealed"):
        Video(source_url=SIGNED)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="payload is sealed"):
        Assignment(payload=PAYLOAD)  # type: ignore[call-arg]


def test_an_endpoints_address_is_changed_and_sealed(tenant: Tenant, vault: Vault) -> None:
    with tenant.store.write() as session:
        made = endpoints.create_endpoint(
            session, vault, workspace_id=tenant.workspace.id, url=SIGNED
        )
        assert made.url == SIGNED
        changed = endpoints.update_endpoint(session, tenant.workspace.id, made.id, url=f"{SIGNED}2")
        assert changed.url == f"{SIGNED}2"
        seal_into(session, changed, url=None)
        assert changed.url is None
        seal_into(session, changed, url=f"{SIGNED}3")
    assert "CANARY" not in stored(tenant.store, "endpoint")


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        (SIGNED, True),
        (f"  {SIGNED}\n", True),
        ("file:///media/a.mp4", True),
        ("S3://bucket/key", True),
        ("http://[broken?sig=x", True),
        ("see https://example.com/", False),
        ("ratio 16:9", False),
        ("mailto:ana@example.test", False),
        ("", False),
    ],
)
def test_an_address_is_told_from_other_text(said: str, is_one: bool) -> None:
    assert is_address(said) is is_one


def test_a_payload_may_be_taken_away(tenant: Tenant) -> None:
    made = assignment_of(tenant)
    with tenant.store.write() as session:
        seal_payload_into(session, made, payload=None)
        assert made.sealed_payload is None
        assert not made.payload
        session.expunge_all()
