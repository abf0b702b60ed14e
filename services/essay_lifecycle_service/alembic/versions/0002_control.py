"""What BOS has paused and cancelled, and answers that came too late."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("phase", sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _index_waiting("waiting > 0 and not held")
    op.create_table(
        "hold",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_hold"),
    )
    op.create_table(
        "cancelled_run",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "run_id", name="pk_cancelled_run"),
    )
    op.create_table(
        "discarded_answer",
        sa.Column("phase_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("essay_id", sa.Uuid(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phase_id", "essay_id", name="pk_discarded_answer"),
    )


def _index_waiting(condition: str) -> None:
    op.drop_index("ix_phase_waiting", "phase")
    op.create_index("ix_phase_waiting", "phase", ["phase", "id"], postgresql_where=sa.text(condition))


def downgrade() -> None:
    for table in ("discarded_answer", "cancelled_run", "hold"):
        op.drop_table(table)
    _index_waiting("waiting > 0")
    op.drop_column("phase", "held")
