"""The negative control of `fairness`: whoever came first goes first, everywhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from essay_lifecycle_service.domain.window import Grant, Line, Policy
from essay_lifecycle_service.implementations import phase_repository_postgres_impl as repository

from huleedu_service_libs.runtime import worker


def grants(policy: Policy, in_flight: int, lines: Sequence[Line]) -> list[Grant]:
    """Phase by phase, each whole, until the room is used up."""
    room, given = policy.room(in_flight), []
    for batch in sorted((batch for line in lines for batch in line.batches), key=lambda batch: batch.phase_id):
        count = min(room, batch.count)
        room -= count
        given += [Grant(batch.phase_id, batch.sent, count, to_end=False)] if count else []
    return given


@contextmanager
def first_come() -> Iterator[None]:
    """Within: no turns, neither in ELS's window nor at work."""
    claim = worker.CLAIM.replace("order by place, id", "order by id")
    assert claim != worker.CLAIM
    with patch.object(repository, "grants", grants), patch.object(worker, "CLAIM", claim):
        yield
