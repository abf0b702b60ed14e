"""Batches, their timelines, and how far their phases are."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.Text(collation="C")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_batches()
    _create_timeline()
    _create_progress()
    # Rows are rewritten in place some six times, and are to stay in one piece up to half a page.
    op.execute("alter table batches set (fillfactor = 60, toast_tuple_target = 4080)")
    for column in ("batches alter state", "timeline alter data"):
        op.execute(f"alter table {column} set storage external")


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text()),
        sa.Column("class_id", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("active_run", sa.Text()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batches"),
    )
    op.create_index("ix_batches_user_id_batch_id", "batches", ["user_id", "batch_id"])


def _create_timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "seq", name="pk_timeline"),
    )


def _create_progress() -> None:
    op.create_table(
        "phase_progress",
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("phase_name", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "run_id", "phase_name", name="pk_phase_progress"),
    )


def downgrade() -> None:
    for table in ("phase_progress", "timeline", "batches"):
        op.drop_table(table)
