"""Lists of batches, page by page; where it is asked what is stuck, with the reason."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from batch_orchestrator_service.domain.batch import UNENDED
from batch_orchestrator_service.implementations.stuck_view import Seen, stuck
from batch_orchestrator_service.list_models import BatchListQuery, BatchListResponse, BatchSummary, StuckBody
from batch_orchestrator_service.protocols import BatchFilter, BatchRepositoryProtocol, ListedBatch, Look
from common_core.enums import CLIENT_STATUS, BatchStatus


class BatchLists:
    """Reads one page at a time."""

    def __init__(self, batches: BatchRepositoryProtocol, look: Look) -> None:
        self._batches, self._look = batches, look

    async def page(self, query: BatchListQuery, user_id: str | None) -> BatchListResponse:
        """The batches of this user, or of all, that the query is about."""
        wanted = self._filter(query, user_id)
        found = await self._batches.list(wanted)
        page = found[: query.limit]
        reasons = await self._reasons(page) if query.stuck else {}
        return BatchListResponse(
            batches=[summary_of(batch, reasons.get(batch.batch_id)) for batch in page],
            next_cursor=page[-1].batch_id if len(found) > query.limit else None,
        )

    def _filter(self, query: BatchListQuery, user_id: str | None) -> BatchFilter:
        """One more than a page holds: then it is known whether another follows."""
        return BatchFilter(
            user_id=user_id,
            class_id=query.class_id,
            statuses=_statuses(query),
            since=query.since,
            unmoved_since=self._look.now() - timedelta(seconds=query.stuck_after) if query.stuck else None,
            cursor=query.cursor,
            limit=query.limit + 1,
        )

    async def _reasons(self, page: Sequence[ListedBatch]) -> Mapping[str, StuckBody]:
        """Why each does not move; of one that has moved since it was found there is nothing to say."""
        batches = await self._batches.get_all([listed.batch_id for listed in page])
        progress = await self._batches.progress_of_all(batches)
        letters = await self._batches.set_aside([batch.batch_id for batch in batches])
        now, trouble = self._look.now(), self._look.trouble()
        return {
            batch.batch_id: stuck(
                Seen(batch, progress.get(batch.batch_id, {}), letters.get(batch.batch_id, ()), trouble, now)
            )
            for batch in batches
            if not batch.has_ended
        }


def _statuses(query: BatchListQuery) -> tuple[BatchStatus, ...]:
    """In the words of a batch; only what has not ended can be stuck."""
    wanted = set(BatchStatus if query.status is None else query.status)
    return tuple(
        status
        for status, client in CLIENT_STATUS.items()
        if wanted & {status, client} and (not query.stuck or status in UNENDED)
    )


def summary_of(batch: ListedBatch, reason: StuckBody | None = None) -> BatchSummary:
    """The batch in one line; with the reason where it is stuck."""
    summary = BatchSummary(
        batch_id=batch.batch_id,
        status=batch.status,
        client_status=CLIENT_STATUS[batch.status],
        course_code=batch.course_code,
        expected_essay_count=batch.essay_count,
        user_id=batch.user_id,
        class_id=batch.class_id,
        created_at=batch.created_at,
        updated_at=batch.updated_at,
    )
    return summary if reason is None else summary.model_copy(update={"stuck": reason})
