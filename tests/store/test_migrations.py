"""Rows of an earlier release read well after the upgrade."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    ColumnClause,
    Connection,
    DateTime,
    column,
    create_engine,
    insert,
    table,
)
from sqlalchemy.types import TypeEngine
from sqlmodel import col, select

from domain.evidence import EvidenceKind
from store import schema
from store.engine import Store
from store.queries.publishing.evidence import Observation, add_evidence
from store.tables import Assignment, Evidence, Ticket
from store.tables import Connection as ConnectionRow

THEN = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
WORKSPACE = {
    "id": "wsp_1",
    "name": "ours",
    "redirect_prefixes": [],
    "media_roots": [],
    "last_video_number": 1,
    "last_upload_number": 1,
    "created_at": THEN,
}
TICKET = {
    "id": "tkt_1",
    "workspace_id": "wsp_1",
    "platform": "youtube",
    "callback_url": "http://127.0.0.1/callback",
    "state": "connected",
    "connection_ids": ["con_1"],
    "created_at": THEN,
    "expires_at": THEN,
}
CONNECTION = {
    "id": "con_1",
    "workspace_id": "wsp_1",
    "platform": "youtube",
    "account_id": "UC1",
    "name": "A channel",
    "scopes": ["upload"],
    "is_active": True,
    "health": "healthy",
    "created_at": THEN,
    "connected_at": THEN,
}
DEAD = CONNECTION | {"id": "con_2", "account_id": "UC2", "health": "insufficient_scope"}
VIDEO = {
    "id": "vid_1",
    "workspace_id": "wsp_1",
    "number": 1,
    "sealed_source_url": b"sealed",
    "file_name": "holiday.mp4",
    "content_type": "video/mp4",
    "container": "mp4",
    "size": 5,
    "pin_version": "v1",
    "ranges": True,
    "is_truncated": False,
    "created_at": THEN,
}
ASSIGNMENT = {
    "id": "asg_1",
    "workspace_id": "wsp_1",
    "number": 1,
    "connection_id": "con_1",
    "video_id": "vid_1",
    "group_id": "grp_1",
    "platform": "youtube",
    "type": "video",
    "clear_payload": {"title": "Holiday"},
    "state": "published",
    "attempt": 1,
    "last_edit": 0,
    "is_started": True,
    "is_slow": False,
    "waiting_looks": 0,
    "platform_id": "yt1",
    "warnings": {},
    "candidates": [],
    "bytes_sent": 5,
    "bytes_summed": 5,
    "bytes_total": 5,
    "origin": "v1",
    "created_at": THEN,
    "updated_at": THEN,
}


EVIDENCE: dict[str, Any] = {
    "assignment_id": "asg_1",
    "attempt": 1,
    "kind": "stopped",
    "data": {"code": "interrupted"},
    "noted_at": THEN,
}


@pytest.fixture
def upgraded(empty_url: str) -> Iterator[Store]:
    """A store whose database was written by the first release, and its evidence by a later one."""
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        schema.upgrade(connection, "0001")
        for name, row in (
            ("workspace", WORKSPACE),
            ("connection", CONNECTION),
            ("connection", DEAD),
            ("ticket", TICKET),
            ("video", VIDEO),
            ("assignment", ASSIGNMENT),
        ):
            write(connection, name, row)
        schema.upgrade(connection, "0004")
        for _ in range(2):
            write(connection, "evidence", EVIDENCE)
    engine.dispose()
    store = Store(empty_url)
    assert not store.is_current()
    store.migrate()
    yield store
    store.close()


def write(connection: Connection, name: str, row: dict[str, Any]) -> None:
    """Insert a row without the models, which know the present release only."""
    types: dict[type, TypeEngine[Any]] = {
        list: JSON(),
        dict: JSON(),
        datetime: DateTime(timezone=True),
    }
    columns: list[ColumnClause[Any]] = [
        column(key, types.get(type(value))) for key, value in row.items()
    ]
    connection.execute(insert(table(name, *columns)).values(row))


def test_a_ticket_of_the_first_release_left_nothing_out(upgraded: Store) -> None:
    with upgraded.read() as session:
        ticket = session.get_one(Ticket, "tkt_1")
    assert (ticket.connection_ids, ticket.left_out) == (["con_1"], [])


def test_a_connection_of_the_first_release_has_a_grant_of_its_own(upgraded: Store) -> None:
    with upgraded.read() as session:
        row = session.get_one(ConnectionRow, "con_1")
    assert (row.name, row.scopes, row.connected_at) == ("A channel", ["upload"], THEN)
    assert (row.token_life, row.data_access_ends_at, row.grant_id) == ("renewed", None, "UC1")


def test_a_broken_connection_of_the_first_release_needs_a_person_since_the_upgrade(
    upgraded: Store,
) -> None:
    with upgraded.read() as session:
        well, dead = (session.get_one(ConnectionRow, id) for id in ("con_1", "con_2"))
    assert (well.health_since, well.check_due_at) == (THEN, THEN)
    assert (dead.health_since > THEN, dead.check_due_at) == (True, None)


def test_an_assignment_of_the_first_release_does_not_say_how_it_is_known(upgraded: Store) -> None:
    with upgraded.read() as session:
        row = session.get_one(Assignment, "asg_1")
    assert (row.state, row.platform_id, row.known_by) == ("published", "yt1", None)


def test_evidence_of_before_stays_what_it_is_and_what_comes_now_is_counted(upgraded: Store) -> None:
    with upgraded.write() as session:
        again = Observation(EvidenceKind.STOPPED, EVIDENCE["data"])
        add_evidence(session, session.get_one(Assignment, "asg_1"), [again, again])
    with upgraded.read() as session:
        rows = session.exec(select(Evidence).order_by(col(Evidence.id))).all()
    assert [row.times for row in rows] == [1, 1, 2]
    assert [row.latest_at for row in rows[:2]] == [THEN, THEN]
