"""The spellchecker's tables: how checking each essay ended, for support; and which runs are cancelled."""

from sqlalchemy import Column, DateTime, Integer, Table, Text

from huleedu_service_libs.cancelled_runs import cancelled_run_table
from huleedu_service_libs.migrations import new_metadata

metadata = new_metadata()

essay_spellcheck = Table(
    "essay_spellcheck",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("essay_id", Text, primary_key=True),
    Column("text_storage_id", Text, nullable=False),
    Column("corrected_text_storage_id", Text),
    Column("language", Text, nullable=False),
    Column("language_detected", Text),
    Column("corrections", Integer, nullable=False),
    Column("word_count", Integer, nullable=False),
    Column("error_code", Text),
    Column("processing_ms", Integer, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)

cancelled_run = cancelled_run_table(metadata)
