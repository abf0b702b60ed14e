"""How analyses ended, in PostgreSQL: one statement for many essays, within the running unit of work."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from huleedu_service_libs.runtime import current_unit
from huleedu_service_libs.runtime.columns import columns
from nlp_service.messages import Question

_KNOWN = """select a.batch_id, a.run_id, a.attempt, a.essay_id, a.error_code
  from unnest($1::text[], $2::text[], $3::int[], $4::text[]) q(batch_id, run_id, attempt, essay_id)
  join essay_analysis a using (batch_id, run_id, attempt, essay_id)"""
_RECORD = """insert into essay_analysis(
    batch_id, run_id, attempt, essay_id, text_storage_id, language, word_count, error_code, analysed_at)
  select *, $9::timestamptz
  from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[])
  on conflict do nothing returning batch_id, run_id, attempt, essay_id"""


class AnalysisRow(Struct, frozen=True):
    """How one question was answered; `error_code` is None and `word_count` is not, if it went well."""

    question: Question
    text_storage_id: str
    language: str
    word_count: int | None
    error_code: str | None


class PostgreSQLAnalysisRepository:
    """The rows of `essay_analysis`: written once, never changed."""

    async def known(self, questions: Sequence[Question]) -> dict[Question, str | None]:
        """The error codes (None: it went well) of those questions that are answered already."""
        if not questions:
            return {}
        rows = await current_unit().connection.fetch(_KNOWN, *columns(questions))
        return {Question(*row[:4]): row["error_code"] for row in rows}

    async def record(self, rows: Sequence[AnalysisRow], at: datetime) -> set[Question]:
        """Keep these, and answer which are new; a question that has been answered keeps its answer."""
        answers = [(*row.question, row.text_storage_id, row.language, row.word_count, row.error_code) for row in rows]
        return {Question(*row) for row in await current_unit().connection.fetch(_RECORD, *columns(answers), at)}
