"""The tables: one row an upload."""

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, DateTime, Index, Table, Text

from file_service.domain.uploads import UploadStatus
from huleedu_service_libs.migrations import new_metadata

metadata = new_metadata()

_ID = Text(collation="C")  # ids sort by their bytes, and so by their time

file_uploads = Table(
    "file_uploads",
    metadata,
    Column("file_upload_id", _ID, primary_key=True),
    Column("batch_id", _ID, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("md5", Text, nullable=False),
    Column("raw_storage_id", Text),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("text_storage_id", Text),
    Column("document_author", Text),
    Column("first_lines", ARRAY(Text)),
    Column("error_code", Text),
    Column("error", Text),
    CheckConstraint(f"status in ({', '.join(repr(str(each)) for each in UploadStatus)})", name="status"),
    Index("ix_file_uploads_batch_id_file_upload_id", "batch_id", "file_upload_id"),
)
