"""What is measured of streams."""

from prometheus_client import Counter, Gauge

from huleedu_service_libs.metrics import ServiceMetrics


class StreamMetrics:
    """How many streams are open, and how many were cut because their clients did not keep up."""

    def __init__(self, metrics: ServiceMetrics) -> None:
        registry = metrics.registry
        self.open = Gauge("event_streams_open", "Streams of events that are open.", registry=registry)
        self.cut = Counter("event_streams_cut", "Streams cut off: their clients did not keep up.", registry=registry)
