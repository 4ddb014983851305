"""Health with a date, care, leased refreshes, events and their deliveries."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _workspaces()
    _connections()
    _credentials()
    _assignments()
    _events()


def _workspaces() -> None:
    op.add_column("workspace", _count("last_event_number"))


def _connections() -> None:
    for name in (
        "token_expires_at",
        "grant_expires_at",
        "health_until",
        "check_due_at",
        "checked_at",
    ):
        op.add_column("connection", sa.Column(name, _MOMENT, nullable=True))
    op.add_column(
        "connection",
        # A row has to have one to be there; its own follows below.
        sa.Column("health_since", _MOMENT, server_default="1970-01-01 00:00:00", nullable=False),
    )
    op.add_column(
        "connection",
        sa.Column("is_reauth_started", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("connection", _count("failed_checks"))
    # Since when one has needed a person is not known, so it begins now; everything that may be
    # alive is due at once, because nothing is known of its clocks.
    connection = sa.table(
        "connection",
        sa.column("health", sa.String),
        sa.column("connected_at", _MOMENT),
        sa.column("health_since", _MOMENT),
        sa.column("check_due_at", _MOMENT),
    )
    is_alive = connection.c.health == "healthy"
    op.execute(
        connection.update().values(
            health_since=sa.case((is_alive, connection.c.connected_at), else_=datetime.now(UTC)),
            check_due_at=sa.case((is_alive, connection.c.connected_at), else_=None),
        )
    )
    op.execute(
        "UPDATE connection SET "
        "token_expires_at = (SELECT expires_at FROM credential WHERE connection_id = id), "
        "grant_expires_at = (SELECT grant_expires_at FROM credential WHERE connection_id = id)"
    )
    op.create_index("ix_connection_check_due_at", "connection", ["check_due_at"])


def _credentials() -> None:
    op.drop_column("credential", "expires_at")
    op.drop_column("credential", "grant_expires_at")
    op.add_column("credential", sa.Column("lease_ends_at", _MOMENT, nullable=True))
    op.add_column("credential", _count("refreshes"))
    op.add_column("credential", sa.Column("refresh_error", sa.String(), nullable=True))


def _assignments() -> None:
    op.add_column("assignment", sa.Column("sealed_callback_url", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_assignment_waiting", "assignment", ["state", "wait_reason", "connection_id"]
    )


def _events() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace_id", sa.String(), sa.ForeignKey("workspace.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("workspace_id", "number"),
        sa.UniqueConstraint("workspace_id", "key"),
    )
    op.create_index("ix_event_subject", "event", ["subject_id", "number"])
    op.create_table(
        "endpoint",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace_id", sa.String(), sa.ForeignKey("workspace.id"), nullable=False),
        sa.Column("sealed_url", sa.LargeBinary(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("event_types", sa.JSON(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_ends_at", _MOMENT, nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.Column("failing_since", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_endpoint_workspace_id", "endpoint", ["workspace_id"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace_id", sa.String(), sa.ForeignKey("workspace.id"), nullable=False),
        sa.Column("endpoint_id", sa.String(), sa.ForeignKey("endpoint.id"), nullable=False),
        sa.Column("event_id", sa.String(), sa.ForeignKey("event.id"), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed_url", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.JSON(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("gives_up_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.UniqueConstraint("endpoint_id", "event_id"),
    )
    op.create_index("ix_delivery_workspace_id", "delivery", ["workspace_id"])
    op.create_index(
        "ix_delivery_line", "delivery", ["endpoint_id", "subject_id", "state", "number"]
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "due_at"])


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)
