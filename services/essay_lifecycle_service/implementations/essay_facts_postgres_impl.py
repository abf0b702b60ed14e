"""What is known of essays, read from PostgreSQL for those who ask: a few statements, also for a whole batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from common_core.enums import AssociationValidationMethod, PhaseName
from essay_lifecycle_service.domain.essay_status import BatchFacts, EssayFacts, FileFact, PhaseFact
from essay_lifecycle_service.domain.matching import StudentOfEssay
from essay_lifecycle_service.implementations.plan_shelf import unpacked
from huleedu_service_libs.runtime import Database

_BATCH_OF = "select batch_id from essay where essay_id = $1"
_BATCH = """select batch_id, registered_at, ended_at, essay_ids from batch
  where batch_id = $1 and registered_at is not null"""
_FILES = """select essay_id, placed_at, raw_storage_id, text_storage_id from upload
  where batch_id = $1 and essay_id is not null"""
_STUDENTS = "select essay_id, student_id, method from essay_student where batch_id = $1"
_PHASES = """select p.id, p.phase, p.opened_at, l.body from phase p join phase_plan l on l.phase_id = p.id
  where p.batch_id = $1 and not p.superseded order by p.id"""
_RESULTS = """select phase_id, essay_id, answered_at, text_storage_id, error_code
  from essay_result where phase_id = any($1::bigint[])"""


class PostgreSQLEssayFactsImpl:
    """See `EssayFactsProtocol`; reads outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_essay(self, essay_id: str) -> EssayFacts | None:
        """The essay as its batch knows it."""
        batch_id = await self._database.pool.fetchval(_BATCH_OF, essay_id)
        batch = None if batch_id is None else await self.of_batch(str(batch_id))
        return next((essay for essay in batch.essays if essay.essay_id == essay_id), None) if batch else None

    async def of_batch(self, batch_id: str) -> BatchFacts | None:
        """All in one snapshot, so that the numbers agree with each other."""
        async with self._database.pool.acquire() as con, con.transaction(isolation="repeatable_read", readonly=True):
            batch = await con.fetchrow(_BATCH, batch_id)
            if batch is None:
                return None
            files = {row["essay_id"]: _file(row) for row in await con.fetch(_FILES, batch_id)}
            students = {row["essay_id"]: _student(row) for row in await con.fetch(_STUDENTS, batch_id)}
            phases = await con.fetch(_PHASES, batch_id)
            results = await con.fetch(_RESULTS, [row["id"] for row in phases])
        facts = _phase_facts(phases, results)
        essays = [
            EssayFacts(
                essay_id=str(essay_id),
                batch_id=str(batch["batch_id"]),
                registered_at=batch["registered_at"],
                intake_ended_at=batch["ended_at"],
                file=files.get(essay_id),
                student=students.get(essay_id),
                phases=facts[str(essay_id)],
            )
            for essay_id in batch["essay_ids"]
        ]
        return BatchFacts(batch_id=str(batch["batch_id"]), essays=essays)


def _file(row: Any) -> FileFact:
    return FileFact(
        placed_at=row["placed_at"], raw_storage_id=row["raw_storage_id"], text_storage_id=row["text_storage_id"]
    )


def _student(row: Any) -> StudentOfEssay:
    return StudentOfEssay(
        essay_id=str(row["essay_id"]),
        student_id=row["student_id"],
        method=AssociationValidationMethod(row["method"]),
    )


def _phase_facts(phases: Sequence[Any], results: Sequence[Any]) -> Mapping[str, list[PhaseFact]]:
    answered = {(row["phase_id"], str(row["essay_id"])): row for row in results}
    facts: dict[str, list[PhaseFact]] = defaultdict(list)
    for row in phases:
        for ref in unpacked(row["body"]).essays:
            facts[ref.essay_id].append(_phase_fact(row, answered.get((row["id"], ref.essay_id))))
    return facts


def _phase_fact(phase: Any, result: Any) -> PhaseFact:
    name = PhaseName(phase["phase"])
    if result is None:
        return PhaseFact(phase=name, opened_at=phase["opened_at"])
    return PhaseFact(
        phase=name,
        opened_at=phase["opened_at"],
        answered_at=result["answered_at"],
        text_storage_id=result["text_storage_id"],
        error_code=result["error_code"],
    )
