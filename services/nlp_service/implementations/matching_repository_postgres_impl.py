"""Which requests to match students are taken on, in PostgreSQL, within the running unit of work."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from common_core.enums import MatchOutcome
from common_core.messages.matching import BatchStudentMatchingRequestedV1
from huleedu_service_libs.runtime import current_unit
from huleedu_service_libs.runtime.columns import columns

_BEGIN = """insert into student_matching(batch_id, run_id, attempt, class_id, requested_at)
  select distinct on (1, 2, 3) *, $5::timestamptz from unnest($1::text[], $2::text[], $3::int[], $4::text[])
  on conflict do nothing returning batch_id, run_id, attempt"""
_END = """update student_matching set matched = $4, review = $5, no_match = $6, failed = $7, answered_at = $8
  where batch_id = $1 and run_id = $2 and attempt = $3 and answered_at is null"""


class Matching(NamedTuple):
    """One matching of one batch: asked for once or more often, it has one answer."""

    batch_id: str
    run_id: str
    attempt: int


def matching_of(request: BatchStudentMatchingRequestedV1) -> Matching:
    """What the request asks for; peers without runs have one run and one attempt."""
    return Matching(request.batch_id, request.run_id or "", request.attempt or 0)


class PostgreSQLMatchingRepository:
    """The rows of `student_matching`."""

    async def begin(self, requests: Sequence[BatchStudentMatchingRequestedV1]) -> set[Matching]:
        """Those of the matchings asked for that are new."""
        unit = current_unit()
        rows = [(*matching_of(request), request.class_id) for request in requests]
        return {Matching(*row) for row in await unit.connection.fetch(_BEGIN, *columns(rows), unit.now)}

    async def end(self, matching: Matching, outcomes: Mapping[MatchOutcome, int]) -> bool:
        """Note how many essays ended in which way; False if that was noted before."""
        unit = current_unit()
        counts = [outcomes.get(outcome, 0) for outcome in MatchOutcome]
        return bool(await unit.connection.execute(_END, *matching, *counts, unit.now) == "UPDATE 1")
