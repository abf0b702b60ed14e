"""Which requests to match students were taken on, and how each was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "student_matching",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matched", sa.Integer()),
        sa.Column("review", sa.Integer()),
        sa.Column("no_match", sa.Integer()),
        sa.Column("failed", sa.Integer()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("batch_id", "run_id", "attempt", name="pk_student_matching"),
    )


def downgrade() -> None:
    op.drop_table("student_matching")
