"""Batches in PostgreSQL, composed of their states, their timelines, their progress and plain readings."""

from collections.abc import Mapping, Sequence

from batch_orchestrator_service.domain.batch import Batch
from batch_orchestrator_service.domain.facts import Fact
from batch_orchestrator_service.implementations.batch_list_table import count_batches, list_batches
from batch_orchestrator_service.implementations.batch_readings import read_batch, read_batches, read_owners
from batch_orchestrator_service.implementations.batch_table import BatchTable, KeptBatch
from batch_orchestrator_service.implementations.progress_table import read_progress, record_progress
from batch_orchestrator_service.implementations.timeline_table import TimelineRow, TimelineSink, read_timeline
from batch_orchestrator_service.protocols import BatchFilter, ListedBatch, PhaseProgress, SetAside, TimelineEntry
from common_core.enums import PhaseName
from common_core.messages.pipeline import ELSBatchPhaseProgressV1
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.dead_letters import letters_about
from huleedu_service_libs.runtime.unit_of_work import current_unit


class PostgreSQLBatchRepositoryImpl:
    """See `BatchRepositoryProtocol`. States and timelines are read and written in bulk by the unit of work."""

    def __init__(self, database: Database, table: BatchTable) -> None:
        self._database, self._table, self._timeline = database, table, TimelineSink()

    async def get_for_update(self, batch_id: str) -> Batch | None:
        """See the protocol."""
        kept = await current_unit().states(self._table).get(batch_id)
        return kept.batch if kept else None

    async def save(self, batch: Batch, fact: Fact) -> None:
        """See the protocol."""
        unit = current_unit()
        states = unit.states(self._table)
        before = await states.get(batch.batch_id)
        states.put(batch.batch_id, KeptBatch(batch, before.known if before else 0))
        unit.add(self._timeline, TimelineRow(batch.batch_id, batch.version, batch.changed_at, fact))

    async def get(self, batch_id: str) -> Batch | None:
        """See the protocol."""
        return await read_batch(self._database.pool, batch_id)

    async def list(self, wanted: BatchFilter) -> Sequence[ListedBatch]:
        """See the protocol."""
        return await list_batches(self._database.pool, wanted)

    async def count(self, wanted: BatchFilter) -> int:
        """See the protocol."""
        return await count_batches(self._database.pool, wanted)

    async def get_all(self, batch_ids: Sequence[str]) -> Sequence[Batch]:
        """See the protocol."""
        return await read_batches(self._database.pool, batch_ids)

    async def owners(self, batch_ids: Sequence[str]) -> Mapping[str, str]:
        """See the protocol."""
        return await read_owners(current_unit().connection, batch_ids)

    async def timeline(self, batch_id: str, after: int, limit: int) -> Sequence[TimelineEntry]:
        """See the protocol."""
        return await read_timeline(self._database.pool, batch_id, after, limit)

    async def record_progress(self, reports: Sequence[ELSBatchPhaseProgressV1]) -> None:
        """See the protocol."""
        unit = current_unit()
        await record_progress(unit.connection, reports, unit.now)

    async def progress(self, batch_id: str, run_id: str) -> Mapping[PhaseName, PhaseProgress]:
        """See the protocol."""
        return (await read_progress(self._database.pool, {batch_id: run_id})).get(batch_id, {})

    async def progress_of_all(self, batches: Sequence[Batch]) -> Mapping[str, Mapping[PhaseName, PhaseProgress]]:
        """See the protocol."""
        runs = {batch.batch_id: run.run_id for batch in batches if (run := batch.active_run)}
        return await read_progress(self._database.pool, runs)

    async def set_aside(self, batch_ids: Sequence[str]) -> Mapping[str, Sequence[SetAside]]:
        """See the protocol."""
        found = await letters_about(self._database.pool, batch_ids)
        return {key: [SetAside(*each) for each in groups] for key, groups in found.items()}
