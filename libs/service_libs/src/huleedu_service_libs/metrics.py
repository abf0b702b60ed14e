"""A service's metrics, in a registry of its own: several services share a process."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST

_render: Callable[[CollectorRegistry], bytes] = generate_latest  # which has no types of its own

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_MESSAGES = (0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)


class ServiceMetrics:
    """What every service measures. Labels are bounded: never an id, never a path. Times are in seconds.

    A service's own metrics join with `Counter(..., registry=metrics.registry)`.
    """

    def __init__(self, service_name: str) -> None:
        self.service_name = service_name
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._measure_http()
        self._measure_events()

    def _measure_http(self) -> None:
        registry = self.registry
        self.http_requests = Counter(
            "http_requests", "Requests answered.", ["method", "endpoint", "status_code"], registry=registry
        )
        self.http_request_duration = Histogram(
            "http_request_duration_seconds",
            "Time to answer a request.",
            ["method", "endpoint"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.http_client_requests = Counter(
            "http_client_requests", "Attempts to reach another service.", ["peer", "outcome"], registry=registry
        )
        self.circuit_open = Gauge(
            "circuit_open", "1 while a service is not asked because it was away.", ["peer"], registry=registry
        )

    def _measure_events(self) -> None:
        registry = self.registry
        self.batch_operations = Counter(
            "batch_operations", "Operations on batches.", ["operation", "status"], registry=registry
        )
        self.events_handled = Counter(
            "events_handled", "Messages dealt with.", ["group", "topic", "outcome"], registry=registry
        )
        self.poll_duration = Histogram(
            "poll_duration_seconds", "Time of one poll.", ["group"], buckets=_SECONDS, registry=registry
        )
        self.poll_messages = Histogram(
            "poll_messages", "Messages in one poll.", ["group"], buckets=_MESSAGES, registry=registry
        )
        self.dead_letters = Counter("dead_letters", "Messages set aside.", ["group"], registry=registry)
        self.group_lag = Gauge("group_lag", "Messages said and not yet read.", ["group"], registry=registry)
        self.oldest_unread = Gauge(
            "oldest_unread_seconds", "Age of the oldest unread message.", ["group"], registry=registry
        )
        self.work_items_waiting = Gauge(
            "work_items_waiting", "Pieces of slow work that wait for a worker.", ["group"], registry=registry
        )

    def render(self) -> bytes:
        """All of it in OpenMetrics text, to be sent as CONTENT_TYPE."""
        return _render(self.registry)
