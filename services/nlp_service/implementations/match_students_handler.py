"""A request to match students: taken on once, worked off as a whole, answered once with all its essays."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from common_core.message import Envelope
from common_core.messages.matching import BatchStudentMatchingRequestedV1
from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.essay_work import EssayFailed, EssayWork
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.runtime import Work, cause_of, current_unit
from nlp_service.config import SERVICE_NAME
from nlp_service.domain.matching.matching import EssayMatch
from nlp_service.domain.matching.names import Student
from nlp_service.implementations.essays_to_match import read_essays
from nlp_service.implementations.matching_repository_postgres_impl import PostgreSQLMatchingRepository, matching_of
from nlp_service.matching_answers import outcomes, suggested
from nlp_service.messages import MatchStudents
from nlp_service.metrics import NlpServiceMetrics
from nlp_service.protocols import ClassMissing, RosterClientProtocol
from nlp_service.student_matching import match_students

MATCHING_FAILED = "STUDENT_MATCHING_FAILED"
CLASS_NOT_FOUND = "CLASS_NOT_FOUND"
ROSTER_EMPTY = "ROSTER_EMPTY"

_logger = create_service_logger(SERVICE_NAME, "matching")


class Matches(Struct, frozen=True):
    """What was found, by essay, and the codes of what went wrong."""

    found: Mapping[str, EssayMatch] = {}
    codes: Mapping[str, str] = {}


class MatchStudentsHandler:
    """Matches the essays of a batch to the students of its class."""

    def __init__(
        self,
        work: EssayWork,
        rosters: RosterClientProtocol,
        matchings: PostgreSQLMatchingRepository,
        cancelled: CancelledRuns,
        metrics: NlpServiceMetrics,
        auto_accept: float,
    ) -> None:
        """`work` has the time limit and the error code of a whole batch; `auto_accept` is a confidence."""
        self._work, self._rosters, self._matchings, self._cancelled = work, rosters, matchings, cancelled
        self._operations, self._auto_accept = metrics.operations, auto_accept

    async def take_on(self, requests: Sequence[Envelope[BatchStudentMatchingRequestedV1]]) -> None:
        """In the poll's unit of work: have what is new worked off; what is repeated has, or gets, its one answer."""
        new = await self._matchings.begin([request.data for request in requests])
        for request in requests:
            if (matching := matching_of(request.data)) in new:
                new.discard(matching)
                item = MatchStudents(batch_id=request.data.batch_id, request=request.data)
                current_unit().say(Work(item), cause=cause_of(request))

    async def perform(self, item: MatchStudents) -> Matches | None:
        """Read the roster and the texts, and match; None if nobody waits for it any longer. Raises Unavailable."""
        request = item.request
        essay_ids = [essay.essay_id for essay in request.essays_to_process]
        if await self._cancelled.contains(request.batch_id, request.run_id):
            self._operations.labels("student_matching", "cancelled").inc(len(essay_ids))
            return None
        try:
            students = await self._rosters.students(request.class_id)
        except ClassMissing:
            return Matches(codes=dict.fromkeys(essay_ids, CLASS_NOT_FOUND))
        if not students:
            return Matches(codes=dict.fromkeys(essay_ids, ROSTER_EMPTY))
        return await self._matches(request, students)

    async def _matches(self, request: BatchStudentMatchingRequestedV1, students: list[Student]) -> Matches:
        essays, codes = await read_essays(self._work, request)
        try:
            found = await self._work.compute(match_students, essays, students, self._auto_accept)
        except EssayFailed as failed:
            _logger.error("batch not matched", code=failed.code, reason=str(failed), batch_id=request.batch_id)
            return Matches(codes={essay.essay_id: failed.code for essay in essays})
        return Matches({match.essay_id: match for match in found}, codes)

    async def conclude(self, item: MatchStudents, matches: Matches | None) -> None:
        """Answer, if that has not been done."""
        if matches is None:
            return
        answer = suggested(item.request, matches.found, matches.codes, current_unit().now)
        counts = outcomes(answer)
        if await self._matchings.end(matching_of(item.request), counts):
            current_unit().say(answer)
            for outcome, count in counts.items():
                self._operations.labels("student_matching", outcome.value).inc(count)

    async def abandon(self, item: MatchStudents, error: Exception) -> None:
        """Answer for what cannot be done at all: nobody is suggested."""
        code = "TIMEOUT" if isinstance(error, TimeoutError) else MATCHING_FAILED
        codes = {essay.essay_id: code for essay in item.request.essays_to_process}
        await self.conclude(item, Matches(codes=codes))
