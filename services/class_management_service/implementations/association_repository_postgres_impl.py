"""Associations in PostgreSQL: within the unit of work by its table, outside of it read as last committed."""

from collections.abc import Mapping, Sequence

from class_management_service.domain.associations import Associations, Known
from class_management_service.implementations.association_table import AssociationTable, KeptAssociations
from class_management_service.implementations.codec import unpack
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.unit_of_work import current_unit

_OF_BATCHES = "select state from batch_associations where batch_id = any($1::text[])"
_OF_ESSAY = "select state from batch_associations where essay_ids @> array[$1::text] limit 1"


class PostgreSQLAssociationRepository:
    """See `AssociationRepositoryProtocol`."""

    def __init__(self, database: Database, table: AssociationTable) -> None:
        self._database, self._table = database, table

    async def hold(self, batch_ids: Sequence[str]) -> None:
        """See the protocol."""
        await current_unit().states(self._table).prefetch(batch_ids)

    async def held(self, batch_id: str) -> Known | None:
        """See the protocol."""
        kept = await current_unit().states(self._table).get(batch_id)
        return kept.batch if kept else None

    async def save(self, batch: Known) -> None:
        """See the protocol."""
        states = current_unit().states(self._table)
        before = await states.get(batch.batch_id)
        states.put(batch.batch_id, KeptAssociations(batch, before.known if before else 0))

    async def of_batches(self, batch_ids: Sequence[str]) -> Mapping[str, Associations]:
        """See the protocol."""
        rows = await self._database.pool.fetch(_OF_BATCHES, list(batch_ids))
        known = [unpack(row["state"]) for row in rows]
        return {batch.batch_id: batch for batch in known if isinstance(batch, Associations)}

    async def of_essay(self, essay_id: str) -> Associations | None:
        """See the protocol."""
        state = await self._database.pool.fetchval(_OF_ESSAY, essay_id)
        batch = None if state is None else unpack(state)
        return batch if isinstance(batch, Associations) else None
