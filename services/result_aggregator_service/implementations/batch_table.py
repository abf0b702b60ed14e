"""Batches as the unit of work reads and writes them: many in one statement."""

from collections.abc import Mapping, Sequence

from huleedu_service_libs.runtime.blame import Fenced
from huleedu_service_libs.runtime.columns import columns
from huleedu_service_libs.runtime.connection import Connection
from result_aggregator_service.domain.batch import Batch, overall_status
from result_aggregator_service.implementations.stored_bytes import batch_from, packed

# Rows go by the spelling that was asked for: a UUID may be written in more than one way.
_READ = """select asked.key, version, facts from unnest($1::text[]) asked(key)
  join batch on batch_id = asked.key::uuid order by batch_id for update of batch"""

# A batch that nobody knew cannot be locked: if another process has written it meanwhile, this one starts anew.
_WRITE = """insert into batch(batch_id, version, user_id, status, registered_at, facts)
  select * from unnest($1::text[]::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[])
  on conflict (batch_id) do update set version = excluded.version, user_id = excluded.user_id,
    status = excluded.status, registered_at = excluded.registered_at, facts = excluded.facts
  where batch.version = excluded.version - 1"""


class VersionedBatch:
    """A batch and the number of times that it has been written."""

    __slots__ = ("batch", "version")

    def __init__(self, batch: Batch, version: int = 0) -> None:
        self.batch, self.version = batch, version


class BatchTable:
    """The `Table` of batches."""

    async def read(self, con: Connection, keys: Sequence[str]) -> Mapping[str, VersionedBatch]:
        """See `Table.read`."""
        rows = await con.fetch(_READ, keys)
        return {row["key"]: VersionedBatch(batch_from(row["facts"]), row["version"]) for row in rows}

    async def write(self, con: Connection, states: Mapping[str, VersionedBatch]) -> None:
        """See `Table.write`. Raises Fenced if another process has written one of these first."""
        rows = [_row(batch_id, state) for batch_id, state in sorted(states.items())]
        if await con.execute(_WRITE, *columns(rows)) != f"INSERT 0 {len(rows)}":
            raise Fenced


def _row(batch_id: str, state: VersionedBatch) -> tuple[object, ...]:
    registration = state.batch.registration
    return (
        batch_id,
        state.version + 1,
        registration.user_id if registration else None,
        overall_status(state.batch),
        registration.registered_at if registration else None,
        packed(state.batch),
    )
