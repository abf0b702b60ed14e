"""Batches, their essays, the files that became none, and results."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batch"),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("ix_batch_of_user", "batch", ["user_id", "registered_at"])
    op.create_table(
        "essay",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("essay_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_upload_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("text_storage_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "essay_id", name="pk_essay"),
    )
    op.create_table(
        "unused_file",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "file_key", name="pk_unused_file"),
    )
    op.create_table(
        "essay_result",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("essay_id", sa.Uuid(), nullable=False),
        sa.Column("phase", sa.SmallInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error_code", sa.Text()),
        sa.Column("summary", sa.LargeBinary()),
        sa.Column("detail", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("batch_id", "essay_id", "phase", name="pk_essay_result"),
    )


def downgrade() -> None:
    for table in ("essay_result", "unused_file", "essay", "batch"):
        op.drop_table(table)
