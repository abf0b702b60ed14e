"""What polls leave behind for people: a line and a span per batch-level message, counts for those of essays."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from common_core.message import Envelope
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.blame import reason
from huleedu_service_libs.runtime.delivery import Delivery
from huleedu_service_libs.runtime.housekeeping import GroupBacklog
from huleedu_service_libs.runtime.routing import Group
from huleedu_service_libs.tracing import TRACE_HEADER, Tracing, span

MOST_LINKS = 128  # of one span: what the OpenTelemetry SDK keeps


class Telemetry(Protocol):
    """Hears of everything a group does."""

    @contextmanager
    def polling(self, group: Group, deliveries: Sequence[Delivery]) -> Iterator[None]:
        """Around the transaction of one poll."""
        yield

    @contextmanager
    def handling(self, group: Group, envelope: Envelope[Any]) -> Iterator[None]:
        """Around the handling of one batch-level message."""
        yield

    def settled(self, group: Group, deliveries: Sequence[Delivery], seconds: float) -> None:
        """These have been committed, in one transaction that took so long."""

    def worked(self, group: Group, topic: str) -> None:
        """A work item of this topic has been done."""

    def set_aside(self, group: Group, topic: str, key: str, error: Exception) -> None:
        """A message or a work item has gone to the dead letters."""

    def waited(self, group: Group, error: Exception, tries: int) -> None:
        """The group, or one of its work items, is held up."""

    def behind(self, group: Group, backlog: GroupBacklog) -> None:
        """How much the group has before it."""


class Silent:
    """Tells nobody: for tests and tools."""

    @contextmanager
    def polling(self, group: Group, deliveries: Sequence[Delivery]) -> Iterator[None]:
        """See `Telemetry.polling`."""
        yield

    @contextmanager
    def handling(self, group: Group, envelope: Envelope[Any]) -> Iterator[None]:
        """See `Telemetry.handling`."""
        yield

    def settled(self, group: Group, deliveries: Sequence[Delivery], seconds: float) -> None:
        """See `Telemetry.settled`."""

    def worked(self, group: Group, topic: str) -> None:
        """See `Telemetry.worked`."""

    def set_aside(self, group: Group, topic: str, key: str, error: Exception) -> None:
        """See `Telemetry.set_aside`."""

    def waited(self, group: Group, error: Exception, tries: int) -> None:
        """See `Telemetry.waited`."""

    def behind(self, group: Group, backlog: GroupBacklog) -> None:
        """See `Telemetry.behind`."""


class ServiceTelemetry:
    """Tells a service's metrics, its log and whoever collects its traces."""

    def __init__(self, metrics: ServiceMetrics, tracing: Tracing | None = None) -> None:
        self._metrics = metrics
        self._tracer = tracing.tracer if tracing is not None and tracing.provider is not None else None
        self._log = create_service_logger(metrics.service_name, "events")

    @contextmanager
    def polling(self, group: Group, deliveries: Sequence[Delivery]) -> Iterator[None]:
        """A span, linked to the traces that the poll's messages belong to."""
        if self._tracer is None:
            yield
            return
        parents = {(d.envelope.metadata or {}).get(TRACE_HEADER) for d in deliveries if d.envelope is not None}
        links = sorted(parent for parent in parents if parent)[:MOST_LINKS]
        attributes = {"messages": len(deliveries)}
        with span(self._tracer, f"{group.name} polls", links=links, attributes=attributes):
            yield

    @contextmanager
    def handling(self, group: Group, envelope: Envelope[Any]) -> Iterator[None]:
        """A span in the trace that the message belongs to."""
        if self._tracer is None:
            yield
            return
        parent = (envelope.metadata or {}).get(TRACE_HEADER)
        with span(self._tracer, f"{group.name} handles {envelope.event_type}", traceparent=parent):
            yield

    def settled(self, group: Group, deliveries: Sequence[Delivery], seconds: float) -> None:
        """Counts, and a line for each message that is not one of an essay's, or that failed."""
        kinds = Counter(map(_kind, deliveries))
        for (topic, outcome, _), count in kinds.items():
            self._metrics.events_handled.labels(group.name, topic, outcome).inc(count)
        self._metrics.poll_duration.labels(group.name).observe(seconds)
        self._metrics.poll_messages.labels(group.name).observe(len(deliveries))
        runs = {topic: count for (topic, outcome, in_runs), count in kinds.items() if in_runs and outcome == "handled"}
        if len(runs) < len(kinds):
            self._tell_each(group, deliveries, seconds)
        if runs:
            self._log.info("handled in runs", group=group.name, topics=runs, ms=round(seconds * 1000, 1))

    def _tell_each(self, group: Group, deliveries: Sequence[Delivery], seconds: float) -> None:
        for delivery in deliveries:
            if delivery.known:
                continue
            if delivery.error is not None:
                self._tell_set_aside(group, delivery.topic, delivery.key, delivery.error)
            elif delivery.route is not None and not delivery.route.in_runs:
                self._tell_handled(group, delivery, seconds)

    def _tell_set_aside(self, group: Group, topic: str, key: str, error: Exception) -> None:
        self._metrics.dead_letters.labels(group.name).inc()
        self._log.error("set aside", group=group.name, topic=topic, batch_id=key, reason=reason(error))

    def _tell_handled(self, group: Group, delivery: Delivery, seconds: float) -> None:
        envelope = delivery.envelope
        self._log.info("handled", group=group.name, topic=delivery.topic, batch_id=delivery.key,
                       event_id=envelope.event_id if envelope else None,
                       correlation_id=envelope.correlation_id if envelope else None,
                       ms=round(seconds * 1000, 1))  # fmt: skip

    def worked(self, group: Group, topic: str) -> None:
        """A count."""
        self._metrics.events_handled.labels(group.name, topic, "handled").inc()

    def set_aside(self, group: Group, topic: str, key: str, error: Exception) -> None:
        """A count and a line."""
        self._metrics.events_handled.labels(group.name, topic, "failed").inc()
        self._tell_set_aside(group, topic, key, error)

    def waited(self, group: Group, error: Exception, tries: int) -> None:
        """A line for the first wait and for each that is twice as many tries later."""
        if tries & (tries - 1) == 0:
            self._log.warning("waits", group=group.name, reason=reason(error), tries=tries)

    def behind(self, group: Group, backlog: GroupBacklog) -> None:
        """Gauges."""
        self._metrics.group_lag.labels(group.name).set(backlog.lag)
        self._metrics.oldest_unread.labels(group.name).set(backlog.oldest_seconds)
        self._metrics.work_items_waiting.labels(group.name).set(backlog.work_waiting)


def _kind(delivery: Delivery) -> tuple[str, str, bool]:
    """Its topic, what has become of it, and whether it was one of a run."""
    outcome = "known" if delivery.known else "failed" if delivery.error else "handled"
    return delivery.topic, outcome, delivery.route is not None and delivery.route.in_runs
