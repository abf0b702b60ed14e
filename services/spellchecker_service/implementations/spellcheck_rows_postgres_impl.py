"""How checks ended, in PostgreSQL: one statement for many essays."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import astuple

from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection

# A question asked twice has the same answer, so the first row stands.
_ADD = """insert into essay_spellcheck(
    batch_id, run_id, attempt, essay_id, text_storage_id, corrected_text_storage_id, language, language_detected,
    corrections, word_count, error_code, processing_ms, checked_at)
  select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::int[], $10::int[], $11::text[], $12::int[], $13::timestamptz[])
  on conflict do nothing"""


class SpellcheckRow(Struct, frozen=True, kw_only=True):
    """How one essay's check ended, in the order of the columns; a peer without runs has one run, "", attempt 0."""

    batch_id: str
    run_id: str
    attempt: int
    essay_id: str
    text_storage_id: str
    corrected_text_storage_id: str | None
    language: str
    language_detected: str | None
    corrections: int
    word_count: int
    error_code: str | None
    processing_ms: int
    checked_at: datetime


class PostgreSQLSpellcheckRows:
    """The rows of `essay_spellcheck`, a sink of the unit of work."""

    async def add(self, con: Connection, rows: Sequence[SpellcheckRow]) -> None:
        """Insert these, but for questions that have been answered."""
        await con.execute(_ADD, *columns(map(astuple, rows)))
