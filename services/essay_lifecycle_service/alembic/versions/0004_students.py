"""Which student wrote which essay, and what files say about that."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("upload", sa.Column("document_author", sa.Text()))
    op.add_column("batch", sa.Column("matching_asked_at", _TIME))
    op.add_column("batch", sa.Column("students_confirmed_at", _TIME))
    op.create_table(
        "essay_student",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("essay_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Text()),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("said_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "essay_id", name="pk_essay_student"),
    )


def downgrade() -> None:
    op.drop_table("essay_student")
    op.drop_column("batch", "students_confirmed_at")
    op.drop_column("batch", "matching_asked_at")
    op.drop_column("upload", "document_author")
