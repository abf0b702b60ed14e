"""Logs: one JSON object a line, with the service's name, the correlation and nothing that should stay inside."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanProcessor

from huleedu_service_libs.correlation import correlated
from huleedu_service_libs.logging_utils import configure_logging, create_service_logger, set_log_level
from huleedu_service_libs.tracing import span, traced_by

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What has been logged, as a reader of the stream sees it. Asking for it ends the logging."""
    stream = io.StringIO()
    pipe = configure_logging(environment="testing", stream=stream)

    def read() -> list[dict[str, Any]]:
        pipe.close()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    pipe.close()


def test_a_line_says_who_what_and_when(lines: Lines) -> None:
    create_service_logger("demo_service", "orders").info("batch registered", batch_id="b1")

    (line,) = lines()

    assert (
        line.items()
        >= {
            "event": "batch registered",
            "level": "info",
            "logger_name": "orders",
            "service.name": "demo_service",
            "deployment.environment": "testing",
            "batch_id": "b1",
        }.items()
    )
    assert line["timestamp"].endswith("Z")


def test_services_of_one_process_keep_their_names_apart(lines: Lines) -> None:
    one, other = (create_service_logger(name, "main") for name in ("one_service", "other_service"))
    one.info("a")
    other.info("b")

    assert [line["service.name"] for line in lines()] == ["one_service", "other_service"]


def test_a_line_within_a_request_carries_its_correlation_and_its_trace(lines: Lines) -> None:
    tracer = traced_by(SpanProcessor(), "demo_service", "testing").tracer
    with correlated("c1"), span(tracer, "work") as work:
        create_service_logger("demo_service", "main").info("inside")
    create_service_logger("demo_service", "main").info("outside")

    inside, outside = lines()

    assert inside["correlation_id"] == "c1"
    assert int(inside["trace_id"], 16) == work.get_span_context().trace_id
    assert outside.keys().isdisjoint({"correlation_id", "trace_id", "span_id"})


EARLY = create_service_logger("early_service", "main")


def test_a_logger_made_before_logging_is_configured_joins_in(lines: Lines) -> None:
    EARLY.info("at last")

    assert [(line["service.name"], line["event"]) for line in lines()] == [("early_service", "at last")]


def test_libraries_speak_json_too(lines: Lines) -> None:
    with correlated("c1"):
        logging.getLogger("some.library").warning("lost %s", "connection")

    (line,) = lines()

    assert (line["event"], line["logger_name"], line["correlation_id"]) == ("lost connection", "some.library", "c1")


def test_an_exception_is_one_line_with_its_traceback(lines: Lines) -> None:
    try:
        raise KeyError("x")
    except KeyError:
        create_service_logger("demo_service", "main").exception("failed")

    (line,) = lines()

    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("KeyError: 'x'")


def test_secrets_and_essays_stay_inside(lines: Lines) -> None:
    create_service_logger("demo_service", "main").info(
        "handled", db_password="hunter2", corrected_text="My summer", note="x" * 3000
    )

    (line,) = lines()

    assert (line["db_password"], line["corrected_text"]) == ("***", "<9 long>")
    assert len(line["note"]) < 2100


def test_a_service_can_have_a_level_of_its_own(lines: Lines) -> None:
    set_log_level("loud_service", "DEBUG")
    set_log_level("quiet_service", "WARNING")
    for name in ("loud_service", "usual_service", "quiet_service"):
        logger = create_service_logger(name, "main")
        logger.debug("debug")
        logger.info("info")

    assert [(line["service.name"], line["event"]) for line in lines()] == [
        ("loud_service", "debug"),
        ("loud_service", "info"),
        ("usual_service", "info"),
    ]


def test_a_reader_who_is_gone_does_not_stop_the_work() -> None:
    stream = io.StringIO()
    pipe = configure_logging(stream=stream)
    stream.close()

    create_service_logger("demo_service", "main").info("nobody listens")

    pipe.close()


def test_on_a_console_it_is_made_for_eyes() -> None:
    stream = io.StringIO()
    pipe = configure_logging(log_format="console", stream=stream)
    create_service_logger("demo_service", "main").info("batch registered", batch_id="b1")
    pipe.close()

    (line,) = stream.getvalue().splitlines()

    assert "batch registered" in line
    assert "batch_id=b1" in line
