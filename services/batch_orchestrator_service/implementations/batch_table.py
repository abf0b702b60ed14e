"""Batches' states, in bulk: read and locked in one statement, written in one, never over somebody else's change."""

from collections.abc import Mapping, Sequence

import msgspec

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.implementations.codec import pack, unpack_batch
from huleedu_service_libs.errors import Unavailable
from huleedu_service_libs.runtime.connection import Connection

_READ = "select batch_id, state from batches where batch_id = any($1::text[]) order by batch_id for update"
_COLUMNS = "batch_id, status, active_run, version, updated_at, course_code, essay_count, state"
_ROWS = """unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::int[],
    $8::bytea[]"""
_INSERT = f"""insert into batches({_COLUMNS}, user_id, org_id, class_id, created_at)
  select * from {_ROWS}, $9::text[], $10::text[], $11::text[], $12::timestamptz[])"""
# Course and number of essays do not change, but rows of 0.1.0 lack them.
_UPDATE = f"""update batches b set status = n.status, active_run = n.active_run, version = n.version,
    updated_at = n.updated_at, course_code = n.course_code, essay_count = n.essay_count, state = n.state
  from {_ROWS}, $9::bigint[]) n({_COLUMNS}, known) where b.batch_id = n.batch_id and b.version = n.known"""


class BatchChanged(Unavailable):
    """Somebody else has changed the batch meanwhile: do it again."""


class KeptBatch(msgspec.Struct, frozen=True):
    """A batch, and the version its row had when it was read: 0 for one that has no row yet."""

    batch: Batch
    known: int


class BatchTable:
    """The table `batches`, as a unit of work sees it."""

    async def read(self, con: Connection, keys: Sequence[str]) -> dict[str, KeptBatch]:
        """The batches there are, locked in the order of their ids."""
        rows = await con.fetch(_READ, list(keys))
        batches = {row["batch_id"]: unpack_batch(row["state"]) for row in rows}
        return {batch_id: KeptBatch(batch, batch.version) for batch_id, batch in batches.items()}

    async def write(self, con: Connection, states: Mapping[str, KeptBatch]) -> None:
        """Insert or update all of these. Raises BatchChanged if a row is not as it was read."""
        new = [kept.batch for kept in states.values() if kept.known == 0]
        changed = [kept for kept in states.values() if kept.known > 0]
        if new:
            await con.execute(_INSERT, *_columns(new), *_constants(new))
        if changed:
            known = [kept.known for kept in changed]
            done = await con.execute(_UPDATE, *_columns([kept.batch for kept in changed]), known)
            if done != f"UPDATE {len(changed)}":
                raise BatchChanged


def _columns(batches: Sequence[Batch]) -> list[list[object]]:
    return [
        [batch.batch_id for batch in batches],
        [batch.status for batch in batches],
        [run.run_id if (run := batch.active_run) else None for batch in batches],
        [batch.version for batch in batches],
        [batch.changed_at for batch in batches],
        [batch.registration.course_code for batch in batches],
        [len(batch.registration.essay_ids) for batch in batches],
        [pack(batch) for batch in batches],
    ]


def _constants(batches: Sequence[Batch]) -> list[list[object]]:
    return [
        [batch.registration.user_id for batch in batches],
        [batch.registration.org_id for batch in batches],
        [batch.registration.class_id for batch in batches],
        [batch.registered_at for batch in batches],
    ]
