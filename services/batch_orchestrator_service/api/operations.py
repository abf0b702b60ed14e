"""Counts what clients do to batches: batch_operations_total{operation, status}."""

from collections.abc import Iterator
from contextlib import contextmanager

from huleedu_service_libs.errors import RefusedCommand
from huleedu_service_libs.metrics import ServiceMetrics


class Operations:
    """The counter."""

    def __init__(self, metrics: ServiceMetrics) -> None:
        self._counter = metrics.batch_operations

    @contextmanager
    def counted(self, operation: str) -> Iterator[None]:
        """Within: one operation, which is accepted, refused, or fails."""
        status = "failed"
        try:
            yield
            status = "accepted"
        except RefusedCommand:
            status = "refused"
            raise
        finally:
            self._counter.labels(operation, status).inc()
