"""Several accounts of one consent, and how an upload is known."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("left_out", sa.JSON(), server_default="[]", nullable=False))
    for name in ("is_from_link", "requires_confirmation"):
        op.add_column(
            "ticket", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.add_column("ticket", sa.Column("confirm_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ticket", sa.Column("sealed_accounts", sa.LargeBinary(), nullable=True))
    op.add_column(
        "connection", sa.Column("grant_id", sa.String(), server_default="", nullable=False)
    )
    op.execute("UPDATE connection SET grant_id = account_id")
    op.create_index("ix_connection_grant_id", "connection", ["grant_id"])
    op.add_column(
        "connection",
        # Until now every token was one that is renewed.
        sa.Column("token_life", sa.String(), server_default="renewed", nullable=False),
    )
    op.add_column(
        "connection",
        sa.Column("data_access_ends_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column("assignment", sa.Column("known_by", sa.String(), nullable=True))
