"""What operators have asked of many batches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "operations",
        sa.Column("operation_id", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", JSONB(), nullable=False),
        sa.CheckConstraint("status in ('running', 'stopped', 'done')", name=op.f("ck_operations_known_status")),
        sa.PrimaryKeyConstraint("operation_id", name="pk_operations"),
    )
    op.create_index(
        "uq_operations_subject", "operations", ["subject"], unique=True, postgresql_where=sa.text("status = 'running'")
    )


def downgrade() -> None:
    op.drop_table("operations")
