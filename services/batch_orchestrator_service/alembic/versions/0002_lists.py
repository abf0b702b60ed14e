"""What lists show and are narrowed by stands in columns and indexes; progress says when it came."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INDEXES = {
    "ix_batches_user_id": ["user_id", "status", "batch_id", "updated_at"],
    "ix_batches_status": ["status", "batch_id", "updated_at"],
    "ix_batches_updated_at": ["updated_at", "status", "batch_id"],
}


def upgrade() -> None:
    # Rows of 0.1.0 lack these two: they are shown from the state until the next change fills them in.
    op.add_column("batches", sa.Column("course_code", sa.Text()))
    op.add_column("batches", sa.Column("essay_count", sa.Integer()))
    op.add_column("phase_progress", sa.Column("reported_at", sa.DateTime(timezone=True)))
    op.drop_index("ix_batches_user_id_batch_id", "batches")
    for name, columns in _INDEXES.items():
        op.create_index(name, "batches", columns)
    op.create_index(
        "ix_batches_class_id",
        "batches",
        ["class_id", "status", "batch_id", "updated_at", "user_id"],
        postgresql_where=sa.text("class_id is not null"),
    )


def downgrade() -> None:
    for name in ("ix_batches_class_id", *_INDEXES):
        op.drop_index(name, "batches")
    op.create_index("ix_batches_user_id_batch_id", "batches", ["user_id", "batch_id"])
    op.drop_column("phase_progress", "reported_at")
    for column in ("essay_count", "course_code"):
        op.drop_column("batches", column)
