"""Metrics are a service's own; traces go across services, and cost nothing where nobody collects them."""

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.tracing import configure_tracing, current_traceparent, span, traced_by

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-11111111111111111111111111111111-2222222222222222-01"


class DemoSettings(ServiceSettings):
    """Of a service that declares nothing more."""

    service_name = "demo_service"


def test_two_services_of_one_process_count_for_themselves() -> None:
    one, other = ServiceMetrics("one_service"), ServiceMetrics("other_service")
    one.batch_operations.labels("register", "accepted").inc()

    assert b'batch_operations_total{operation="register",status="accepted"} 1.0' in one.render()
    assert b"register" not in other.render()


def test_what_is_rendered_is_openmetrics() -> None:
    text = ServiceMetrics("demo_service").render().decode()

    names = {family.name for family in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]  # untyped
    assert {"http_requests", "http_request_duration_seconds", "group_lag", "dead_letters"} <= names


def test_without_a_collector_nothing_is_recorded_and_a_trace_is_passed_on() -> None:
    tracing = configure_tracing("demo_service", DemoSettings.load(otel_exporter_otlp_endpoint=None))
    with span(tracing.tracer, "alone") as alone:
        assert not alone.is_recording()
        assert current_traceparent() is None
    with span(tracing.tracer, "called", traceparent=PARENT):
        assert current_traceparent() == PARENT
    tracing.close()


def test_a_span_continues_its_caller_s_trace_and_links_those_it_serves() -> None:
    exporter = InMemorySpanExporter()
    tracing = traced_by(SimpleSpanProcessor(exporter), "demo_service", "testing")
    with span(tracing.tracer, "poll", traceparent=PARENT, links=[OTHER, "nonsense"]):
        assert (current_traceparent() or "").split("-")[1] == PARENT.split("-")[1]

    (recorded,) = exporter.get_finished_spans()

    assert recorded.parent is not None
    assert f"{recorded.parent.span_id:x}" == PARENT.split("-")[2]
    assert [f"{link.context.trace_id:x}" for link in recorded.links] == [OTHER.split("-")[1]]
    assert recorded.resource.attributes["service.name"] == "demo_service"
