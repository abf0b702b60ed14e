"""The NLP service's tables: how each analysis and matching ended, and which runs are cancelled."""

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

student_matching = Table(
    "student_matching",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("class_id", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("matched", Integer),
    Column("review", Integer),
    Column("no_match", Integer),
    Column("failed", Integer),
    Column("answered_at", DateTime(timezone=True)),
)

cancelled_run = cancelled_run_table(metadata)
