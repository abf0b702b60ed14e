"""Uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.Text(collation="C")


def upgrade() -> None:
    op.create_table(
        "file_uploads",
        sa.Column("file_upload_id", _ID, nullable=False),
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("md5", sa.Text(), nullable=False),
        sa.Column("raw_storage_id", sa.Text()),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text_storage_id", sa.Text()),
        sa.Column("document_author", sa.Text()),
        sa.Column("first_lines", sa.ARRAY(sa.Text())),
        sa.Column("error_code", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("status in ('accepted', 'provisioned', 'failed')", name="ck_file_uploads_status"),
        sa.PrimaryKeyConstraint("file_upload_id", name="pk_file_uploads"),
    )
    op.create_index("ix_file_uploads_batch_id_file_upload_id", "file_uploads", ["batch_id", "file_upload_id"])


def downgrade() -> None:
    op.drop_table("file_uploads")
