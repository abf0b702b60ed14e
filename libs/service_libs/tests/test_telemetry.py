"""What polls leave behind: metrics, lines and spans."""

import asyncio
import io
import json
from collections.abc import Sequence
from typing import ClassVar

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common_core.message import Envelope, Message
from huleedu_service_libs.logging_utils import configure_logging
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime import Cause, Database, Group, GroupCommit, PostgresEventBus, current_unit, on, on_run
from huleedu_service_libs.runtime.telemetry import ServiceTelemetry
from huleedu_service_libs.tracing import traced_by

TRACE = "0af7651916cd43dd8448eb211c80319c"
CAUSE = Cause("c1", {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})


class Decided(Message, frozen=True, kw_only=True):
    """Something about a batch."""

    topic: ClassVar[str] = "test.decided"
    producer: ClassVar[str] = "*"
    batch_id: str
    number: int = 0


class Done(Message, frozen=True, kw_only=True):
    """Something about one essay."""

    topic: ClassVar[str] = "test.done"
    producer: ClassVar[str] = "*"
    batch_id: str


async def handle(message: Decided) -> None:
    if message.number == 13:
        raise ValueError("unlucky")


async def handle_run(_: Sequence[Envelope[Done]]) -> None:
    """Nothing to do."""


async def test_a_poll_is_told_of_in_metrics_lines_and_spans(database_dsn: str) -> None:
    database = await Database.connect(database_dsn, "test_service")
    spans, stream = InMemorySpanExporter(), io.StringIO()
    tracing = traced_by(SimpleSpanProcessor(spans), "test_service", "testing")
    metrics, pipe = ServiceMetrics("test_service"), configure_logging(stream=stream)
    bus = PostgresEventBus(database_dsn)
    group = Group(name="reader", routes=(on(Decided, handle), on_run(Done, handle_run)))
    bus.subscribe(database, [group], ServiceTelemetry(metrics, tracing))

    async def say() -> None:
        unit = current_unit()
        unit.say(Decided(batch_id="b"), Decided(batch_id="b", number=13), Done(batch_id="b"), Done(batch_id="b"))

    await GroupCommit(database, "teller", bus.said).run(say, CAUSE)
    reading = asyncio.create_task(bus.run())
    async with asyncio.timeout(20):
        while not await database.pool.fetchval("select at = 4 from runtime.cursor"):
            await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.wait([reading])
    await database.close()
    pipe.close()

    handled = [metrics.registry.get_sample_value("events_handled_total", labels) for labels in LABELS]
    assert handled == [1.0, 1.0, 2.0]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = {(line["event"], line.get("topic") or str(line.get("topics"))) for line in lines}
    assert told >= {
        ("handled", "test.decided"),
        ("set aside", "test.decided"),
        ("handled in runs", "{'test.done': 2}"),
    }
    assert {line["correlation_id"] for line in lines if line["event"] == "handled"} == {"c1"}
    by_name = {span.name: span for span in spans.get_finished_spans()}
    poll, one = by_name["reader polls"], by_name["reader handles test.decided"]
    assert [f"{link.context.trace_id:032x}" for link in poll.links] == [TRACE]
    assert one.context is not None
    assert f"{one.context.trace_id:032x}" == TRACE


LABELS = (
    {"group": "reader", "topic": "test.decided", "outcome": "handled"},
    {"group": "reader", "topic": "test.decided", "outcome": "failed"},
    {"group": "reader", "topic": "test.done", "outcome": "handled"},
)
