"""The committed statuses of a batch are those that the rules lead to."""

import pytest

from common_core.enums import BatchStatus
from tests.reference import batch_states
from tests.reference.files import BATCH_STATES, REGENERATE


def test_the_committed_page_is_current() -> None:
    assert BATCH_STATES.read_text(encoding="utf-8") == batch_states.page(), REGENERATE


@pytest.mark.parametrize(
    "edge",
    [
        ("processing_pipelines", "cancelled", "cancelled"),
        ("completed_with_failures", "failed essays retried", "processing_pipelines"),
        ("awaiting_content_validation", "content overdue", "content_ingestion_failed"),
        ("processing_pipelines (paused)", "resumed", "completed_successfully"),
        ("processing_pipelines", "phase overdue", "failed_critically"),
        ("cancelled", "pipeline requested", "processing_pipelines"),
    ],
)
def test_what_is_known_to_happen_is_found(edge: batch_states.Edge) -> None:
    assert edge in batch_states.edges()


def test_nothing_but_a_request_leaves_an_end() -> None:
    ends = {BatchStatus.COMPLETED_SUCCESSFULLY, BatchStatus.COMPLETED_WITH_FAILURES, BatchStatus.CANCELLED}
    leaving = {words for source, words, _ in batch_states.edges() if source in ends}

    assert leaving == {"pipeline requested", "failed essays retried"}
