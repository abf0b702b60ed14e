"""The NLP service's tables: how each analysis ended, for support and for asking again, and which runs are cancelled."""

from sqlalchemy import Column, DateTime, Integer, Table, Text

from huleedu_service_libs.cancelled_runs import cancelled_run_table
from huleedu_service_libs.migrations import new_metadata

metadata = new_metadata()

essay_analysis = Table(
    "essay_analysis",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("essay_id", Text, primary_key=True),
    Column("text_storage_id", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("word_count", Integer),
    Column("error_code", Text),
    Column("analysed_at", DateTime(timezone=True), nullable=False),
)

cancelled_run = cancelled_run_table(metadata)
