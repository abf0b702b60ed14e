"""A school's batches by the million, made where they are kept: as skewed as in life, three years of them."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.decide import decide
from batch_orchestrator_service.implementations.batch_table import BatchTable, KeptBatch
from batch_orchestrator_service.implementations.codec import pack
from batch_orchestrator_service.tests.said import SPELLCHECK, outcome, provisioned, registered, resolved
from batch_orchestrator_service.tests.said import phase as phase_of
from msgspec.structs import replace
from uuid_utils import uuid7

YEARS = timedelta(days=3 * 365)
LARGE, SMALL, BIG_CLASS, A_CLASS = "anna", "bengt", "class-anna-0", "class-77"
ACTIVE = 0.001
ESSAYS = 30
CHUNK = 50_000

# A tenth of all is one teacher's; each of the others has some 45. Anna's first class has 10,000 of hers, others have
# thirty or so. One in a hundred was changed long after it was registered. What every state says is the same.
_FILL = """insert into batches(batch_id, user_id, class_id, status, version, created_at, updated_at, state, course_code,
    essay_count)
  select uuidv7(created_at - now())::text, user_id,
    case when user_id = 'anna' then 'class-anna-' || n / 10 % 10 when n % 10 > 1 then 'class-' || n % 20000 end,
    case when n % 1000 < 920 then 'completed_successfully' when n % 1000 < 970 then 'completed_with_failures'
      when n % 1000 < 980 then 'failed_critically' when n % 1000 < 991 then 'cancelled'
      else 'content_ingestion_failed' end,
    9, created_at,
    created_at + (least(now() - created_at, interval '1 hour')) * random()
      + case when n % 100 = 7 then (now() - created_at) * random() / 2 else interval '0' end,
    $3, 'ENG5', 30
  from (
    select n, now() - $4::interval * (1 - n::float8 / $5) as created_at,
      case when n % 10 = 0 then 'anna' when n between 1 and 100 and n % 10 = 1 then 'bengt' else 'u' || n % 20000 end
        as user_id
    from generate_series($1::int, $2::int) n) made"""


async def fill(con: "asyncpg.Connection[asyncpg.Record]", batches: int) -> None:
    """So many, of which one in a thousand has not ended; then what PostgreSQL does by itself in a quiet hour."""
    active = max(10, round(batches * ACTIVE))
    state, ended = pack(_lived(4, LARGE, datetime.now(UTC))), batches - active
    for first in range(1, ended + 1, CHUNK):
        last = min(first + CHUNK - 1, ended)
        await con.execute(_FILL, first, last, state, YEARS, ended, timeout=600)
    await BatchTable().write(con, {batch.batch_id: KeptBatch(batch, 0) for batch in _active(active)})
    await con.execute("vacuum analyze batches", timeout=600)


def _active(count: int) -> Sequence[Batch]:
    """Of the last two days; every fifth is Anna's. Two of five wait for a pipeline, two in a phase, one for files."""
    now = datetime.now(UTC)
    return [
        _lived(
            (1, 2, 2, 3, 3)[number % 5], LARGE if number % 5 == 3 else f"u{number}", now - YEARS / 548 * number / count
        )
        for number in range(count)
    ]


def _lived(steps: int, user_id: str, at: datetime) -> Batch:
    """A batch registered then, so many steps along."""
    essays = [str(uuid7()) for _ in range(ESSAYS)]
    life = (registered(essays), provisioned(essays), resolved(phase_of(SPELLCHECK)), outcome(SPELLCHECK, essays))
    batch: Batch | None = None
    for fact in life[:steps]:
        batch, _ = decide(batch, fact, at)
    assert batch is not None
    batch_id = id_at(at)
    return replace(batch, registration=replace(batch.registration, batch_id=batch_id, user_id=user_id))


def id_at(at: datetime) -> str:
    """A UUID of version 7 as it would have been made then."""
    chance = uuid.uuid4().hex
    return str(uuid.UUID(f"{int(at.timestamp() * 1000):012x}7{chance[:3]}8{chance[3:18]}"))
