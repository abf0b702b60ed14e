"""Who wrote what in batches of a class, as each service keeps it."""

from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
from class_management_service.domain.associations import Known
from class_management_service.implementations.codec import unpack

CLASSES, NLP = "class_management_service", "nlp_service"
ELS, RESULTS = "essay_lifecycle_service", "result_aggregator_service"

_ASSOCIATIONS = f"select batch_id, state from {CLASSES}.batch_associations"
_STUDENTS = f"select student_id, first_name || ' ' || last_name as name from {CLASSES}.students"
_MATCHINGS = f"select batch_id, run_id, attempt, answered_at is not null as answered from {NLP}.student_matching"
_ASKED = f"select batch_id::text from {ELS}.batch where matching_asked_at is not null"
_TAKEN_UP = f"select batch_id::text, essay_id::text, student_id, method from {ELS}.essay_student"
_GATHERED = f"""select batch_id::text, essay_id::text, student_id, method, version,
    coalesce(first_name || ' ' || last_name, '') as name
  from {RESULTS}.essay_student"""


class Matching(msgspec.Struct, frozen=True):
    """A matching that was asked of the NLP service."""

    batch_id: str
    run_id: str
    attempt: int
    answered: bool


class Author(msgspec.Struct, frozen=True):
    """Who wrote an essay, as ELS or the result aggregator was told; what it does not keep is empty."""

    batch_id: str
    essay_id: str
    student_id: str | None
    method: str
    version: int = 0
    name: str = ""


class Authorship(msgspec.Struct, frozen=True, kw_only=True):
    """What class management knows, by batch; what there was to match; and what others have taken up from it.

    `students` are names by id, `asked` the batches for which ELS has asked for matching.
    """

    known: Mapping[str, Known] = {}
    students: Mapping[str, str] = {}
    matchings: Sequence[Matching] = ()
    asked: Sequence[str] = ()
    taken_up: Sequence[Author] = ()
    gathered: Sequence[Author] = ()


async def read_authorship(dsns: Mapping[str, str]) -> Authorship:
    """From the databases of these services."""
    known = [unpack(row["state"]) for row in await _rows(dsns[CLASSES], _ASSOCIATIONS)]
    return Authorship(
        known={batch.batch_id: batch for batch in known},
        students={row["student_id"]: row["name"] for row in await _rows(dsns[CLASSES], _STUDENTS)},
        matchings=[Matching(*row) for row in await _rows(dsns[NLP], _MATCHINGS)],
        asked=[row["batch_id"] for row in await _rows(dsns[ELS], _ASKED)],
        taken_up=[Author(*row) for row in await _rows(dsns[ELS], _TAKEN_UP)],
        gathered=[Author(*row) for row in await _rows(dsns[RESULTS], _GATHERED)],
    )


async def _rows(dsn: str, query: str) -> Sequence[asyncpg.Record]:
    con = await asyncpg.connect(dsn)
    try:
        found: Sequence[asyncpg.Record] = await con.fetch(query)
        return found
    finally:
        await con.close()
