"""What snapshots show, read on one connection so that it is all of one moment."""

from collections.abc import Sequence

from batch_orchestrator_service.domain.batch import UNENDED
from batch_orchestrator_service.errors import BatchNotFound
from batch_orchestrator_service.implementations.batch_list_table import list_batches
from batch_orchestrator_service.implementations.batch_lists import summary_of
from batch_orchestrator_service.implementations.batch_readings import read_batch
from batch_orchestrator_service.implementations.progress_table import read_progress
from batch_orchestrator_service.implementations.status_view import status_of
from batch_orchestrator_service.list_models import BatchSummary
from batch_orchestrator_service.protocols import BatchFilter
from batch_orchestrator_service.status_models import BatchStatusResponse
from huleedu_service_libs.runtime.connection import Connection


async def read_status(con: Connection, batch_id: str) -> BatchStatusResponse:
    """Where the batch stands. Raises BatchNotFound."""
    batch = await read_batch(con, batch_id)
    if batch is None:
        raise BatchNotFound(batch_id=batch_id)
    run = batch.active_run
    progress = await read_progress(con, {batch_id: run.run_id}) if run else {}
    return status_of(batch, progress.get(batch_id, {}))


async def read_open_batches(con: Connection, user_id: str | None, limit: int) -> Sequence[BatchSummary]:
    """This user's batches that have not ended, or everybody's; the newest first."""
    wanted = BatchFilter(user_id=user_id, statuses=tuple(UNENDED), limit=limit)
    return [summary_of(batch) for batch in await list_batches(con, wanted)]
