"""Traces across HTTP and events: a provider per service, and next to nothing where nobody collects them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from huleedu_service_libs.settings import ServiceSettings

TRACE_HEADER = "traceparent"

_propagator = TraceContextTextMapPropagator()


@dataclass(frozen=True)
class Tracing:
    """A service's tracer; `close` sends what has been collected."""

    tracer: Tracer = field(default_factory=trace.NoOpTracer)
    provider: TracerProvider | None = None

    def close(self) -> None:
        """Send what is left and stop. Blocks for some seconds at most."""
        if self.provider is not None:
            self.provider.shutdown()


def configure_tracing(service_name: str, settings: ServiceSettings) -> Tracing:
    """Spans go to OTEL_EXPORTER_OTLP_ENDPOINT when it is set; otherwise a trace is passed on, but nothing recorded."""
    if settings.otel_exporter_otlp_endpoint is None:
        return Tracing()
    return traced_by(_exporter(settings.otel_exporter_otlp_endpoint), service_name, settings.environment)


def traced_by(processor: SpanProcessor, service_name: str, environment: str) -> Tracing:
    """A tracer of this service whose spans go to `processor`."""
    resource = Resource.create({"service.name": service_name, "deployment.environment": environment})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return Tracing(provider.get_tracer(service_name), provider)


def _exporter(endpoint: str) -> SpanProcessor:
    # Imported here: it brings protobuf and requests along, which take time and which most runs never need.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces"))


def current_traceparent() -> str | None:
    """The W3C `traceparent` to send along, or None outside a trace."""
    headers: dict[str, str] = {}
    _propagator.inject(headers)
    return headers.get(TRACE_HEADER)


@contextmanager
def span(
    tracer: Tracer,
    name: str,
    *,
    traceparent: str | None = None,
    links: Sequence[str] = (),
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Iterator[Span]:
    """Within: one piece of work, inside the trace of `traceparent` or else the current one.

    `links` are the traceparents of other traces that it serves, such as those of the messages in a poll.
    """
    with tracer.start_as_current_span(
        name, context=_context(traceparent), kind=kind, attributes=attributes, links=_links(links)
    ) as started:
        yield started


def _context(traceparent: str | None) -> Context | None:
    return _propagator.extract({TRACE_HEADER: traceparent}) if traceparent else None


def _links(traceparents: Sequence[str]) -> list[Link]:
    contexts = (trace.get_current_span(_context(parent)).get_span_context() for parent in traceparents)
    return [Link(context) for context in contexts if context.is_valid]
