"""What an outage leaves over and over is one row, with how often it was seen, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "evidence",
        # A row has to have one to be there; its own follows below.
        sa.Column(
            "latest_at",
            sa.DateTime(timezone=True),
            server_default="1970-01-01 00:00:00",
            nullable=False,
        ),
    )
    op.add_column("evidence", sa.Column("times", sa.Integer(), server_default="1", nullable=False))
    op.add_column("evidence", sa.Column("since", sa.Integer(), nullable=True))
    # None for the entries of before: each stays what it is.
    op.add_column("evidence", sa.Column("fingerprint", sa.String(), nullable=True))
    op.execute("UPDATE evidence SET latest_at = noted_at")
    op.create_index(
        "ix_evidence_repeated", "evidence", ["assignment_id", "since", "fingerprint"], unique=True
    )
