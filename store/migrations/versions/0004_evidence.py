"""What was observed of each upload and decided about it, and the first answer to each key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("assignment_id", sa.String(), sa.ForeignKey("assignment.id"), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_evidence_assignment", "evidence", ["assignment_id", "id"])
    op.add_column(
        "transfer", sa.Column("version", sa.Integer(), server_default="0", nullable=False)
    )
    # None for the keys of before: their assignments are shown as they are.
    op.add_column("idempotency_claim", sa.Column("sealed_answer", sa.LargeBinary(), nullable=True))
