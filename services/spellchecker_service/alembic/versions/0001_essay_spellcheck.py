"""How checking each essay ended."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "essay_spellcheck",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("essay_id", sa.Text(), nullable=False),
        sa.Column("text_storage_id", sa.Text(), nullable=False),
        sa.Column("corrected_text_storage_id", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("language_detected", sa.Text()),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Text()),
        sa.Column("processing_ms", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "run_id", "attempt", "essay_id", name="pk_essay_spellcheck"),
    )


def downgrade() -> None:
    op.drop_table("essay_spellcheck")
