"""What every service's HTTP side does: answers, problems, correlation, documents, health and metrics."""

import asyncio
import errno
import json
from typing import Any, Literal

import asyncpg
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel
from quart import Blueprint
from quart_schema import validate_querystring, validate_request, validate_response

from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.errors import Conflict, NotFound, Unavailable
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.openapi import openapi_document
from huleedu_service_libs.problems import Problem, refuses
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.text import Text
from huleedu_service_libs.tracing import traced_by

JSON = {"Content-Type": "application/json"}
CORRELATION = "0b9e8a3c-6f0e-4a57-9b0e-1f2d3c4b5a69"


class DemoSettings(ServiceSettings):
    """Of a service that declares nothing more."""

    service_name = "demo_service"


class Registration(BaseModel):
    """What a client sends."""

    name: Text
    essays: list[int]


class Registered(BaseModel):
    """What it gets."""

    essay_count: int


class Page(BaseModel):
    """Which part of a list."""

    limit: int = 10
    state: Literal["open", "done"] | bool = "open"


class BatchNotFound(NotFound):
    """There is no batch {batch_id}."""

    code = "BATCH_NOT_FOUND"


class RunActive(Conflict):
    """A run is active."""

    code = "RUN_ACTIVE"


class ColumnTooShort(Exception):
    """As a driver wraps what its server said."""


def routes() -> Blueprint:
    """One route a thing that can happen."""
    blueprint = Blueprint("demo", __name__)

    @blueprint.post("/batches")
    @refuses(BatchNotFound, RunActive, Conflict)
    @validate_request(Registration)
    @validate_response(Registered, 202)
    async def register(data: Registration) -> tuple[Registered, int]:
        """Take a batch."""
        return Registered(essay_count=len(data.essays)), 202

    @blueprint.get("/batches/<batch_id>")
    async def show(batch_id: str) -> dict[str, Any]:
        raise BatchNotFound(batch_id=batch_id)

    @blueprint.get("/batches")
    @validate_querystring(Page)
    async def page(query_args: Page) -> dict[str, int]:
        return {"limit": query_args.limit}

    @blueprint.get("/raises/<what>")
    async def fail(what: str) -> dict[str, Any]:
        raise RAISED[what]

    return blueprint


try:
    raise ColumnTooShort from asyncpg.PostgresConnectionError("gone")
except ColumnTooShort as wrapped:
    LOST_CONNECTION = wrapped

RAISED: dict[str, Exception] = {
    "KeyError": KeyError("students.db"),
    "Unavailable": Unavailable("BCS is away", retry_after=7),
    "DiskFull": OSError(errno.ENOSPC, "no space left on device"),
    "Refused": ConnectionRefusedError("connection to 10.0.0.7 refused"),
    "Lost": LOST_CONNECTION,
    "Starting": asyncpg.CannotConnectNowError("the database system is starting up"),
    "Broken": asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    "WrongData": asyncpg.DataError("a value that the server refuses"),
    "Problem": Problem(402, "NO_CREDITS", "There are no credits left."),
}


@pytest.fixture
def metrics() -> ServiceMetrics:
    """The app's own."""
    return ServiceMetrics("demo_service")


@pytest.fixture
def health() -> Health:
    """The app's own."""
    return Health(check_timeout=0.01)


@pytest.fixture
def app(metrics: ServiceMetrics, health: Health) -> ServiceApp:
    """The app under test."""
    settings = DemoSettings.load(http_max_body_bytes=1_000_000)
    return create_app("demo_service", settings, metrics, [routes()], health=health)


async def problem_of(app: ServiceApp, method: str, path: str, **request: Any) -> dict[str, Any]:
    """The problem that is answered, once it is known to be one in every respect."""
    response = await app.test_client().open(path, method=method, **request)
    problem: dict[str, Any] = json.loads(await response.get_data())
    assert response.content_type == "application/problem+json"
    assert problem["status"] == response.status_code
    assert problem["correlation_id"] == response.headers["X-Correlation-ID"]
    assert problem["error"] == problem["detail"]
    assert problem["type"] == "urn:huleedu:problem:" + problem["code"].lower().replace("_", "-")
    return problem


async def test_a_good_request_is_answered(app: ServiceApp) -> None:
    response = await app.test_client().post("/batches", json={"name": "9B", "essays": [1, 2]})

    assert (response.status_code, await response.get_json()) == (202, {"essay_count": 2})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"name": "9B"', "MALFORMED_JSON"),
        (b"", "MALFORMED_JSON"),
        (b'{"name": "\xff"}', "MALFORMED_JSON"),
        (b'{"name": "9B", "essays": [NaN]}', "MALFORMED_JSON"),
        (b"[" * 100_000, "MALFORMED_JSON"),
        (b"1" * 5_000, "MALFORMED_JSON"),
        (b"[]", "VALIDATION_ERROR"),
        (b'{"name": "a\\u0000b", "essays": []}', "VALIDATION_ERROR"),
        (b'{"name": "\\ud800", "essays": []}', "VALIDATION_ERROR"),
        (b'{"\\ud800": 1, "name": "9B", "essays": "\\ud800"}', "VALIDATION_ERROR"),
    ],
)
async def test_a_bad_body_is_a_400_with_its_reason(app: ServiceApp, body: bytes, code: str) -> None:
    problem = await problem_of(app, "POST", "/batches", data=body, headers=JSON)

    assert (problem["status"], problem["code"]) == (400, code)


async def test_everything_wrong_with_a_body_is_said_at_once_but_never_repeated(app: ServiceApp) -> None:
    body = {"name": ["My summer was long"], "essays": [1, "two", 3, "four"]}

    problem = await problem_of(app, "POST", "/batches", json=body)

    assert [wrong["pointer"] for wrong in problem["errors"]] == ["#/name", "#/essays/1", "#/essays/3"]
    assert problem["errors"][0]["code"] == "string_type"
    assert "summer" not in json.dumps(problem)


async def test_a_bad_query_names_its_parameter(app: ServiceApp) -> None:
    problem = await problem_of(app, "GET", "/batches?limit=all&state=lost")

    assert [wrong["pointer"] for wrong in problem["errors"]] == ["?limit", "?state", "?state"]


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "code"),
    [
        ("POST", "/batches", {"data": b"{}"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", "/batches", {"data": b" " * 1_000_001, "headers": JSON}, 413, "TOO_LARGE"),
        ("GET", "/nowhere", {}, 404, "NOT_FOUND"),
        ("DELETE", "/batches", {}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/batches/a%00b", {}, 400, "BAD_REQUEST"),
        ("GET", "/batches?limit=%00", {}, 400, "BAD_REQUEST"),
        ("GET", "/batches/17", {}, 404, "BATCH_NOT_FOUND"),
        ("GET", "/raises/Unavailable", {}, 503, "SERVICE_UNAVAILABLE"),
        ("GET", "/raises/Refused", {}, 503, "SERVICE_UNAVAILABLE"),
        ("GET", "/raises/Lost", {}, 503, "SERVICE_UNAVAILABLE"),
        ("GET", "/raises/Starting", {}, 503, "SERVICE_UNAVAILABLE"),
        ("GET", "/raises/Broken", {}, 503, "SERVICE_UNAVAILABLE"),
        ("GET", "/raises/WrongData", {}, 500, "INTERNAL_ERROR"),
        ("GET", "/raises/DiskFull", {}, 503, "SERVICE_UNAVAILABLE"),
        ("GET", "/raises/Problem", {}, 402, "NO_CREDITS"),
        ("GET", "/raises/KeyError", {}, 500, "INTERNAL_ERROR"),
    ],
)
async def test_whatever_goes_wrong_is_a_problem_with_a_code(
    app: ServiceApp, method: str, path: str, request_: dict[str, Any], status: int, code: str
) -> None:
    problem = await problem_of(app, method, path, **request_)

    assert (problem["status"], problem["code"]) == (status, code)


async def test_a_refusal_says_its_docstring_with_the_facts(app: ServiceApp) -> None:
    problem = await problem_of(app, "GET", "/batches/17")

    assert (problem["detail"], problem["title"], problem["instance"]) == (
        "There is no batch 17.",
        "Batch not found",
        "/batches/17",
    )


@pytest.mark.parametrize("what", ["KeyError", "Refused"])
async def test_our_own_faults_do_not_show_our_insides(app: ServiceApp, what: str) -> None:
    response = await app.test_client().get(f"/raises/{what}")
    text = await response.get_data(as_text=True)

    assert not any(inside in text for inside in ("Traceback", "students.db", "10.0.0.7", ".py"))


async def test_who_has_to_wait_is_told_how_long(app: ServiceApp) -> None:
    response = await app.test_client().get("/raises/Unavailable")

    assert response.headers["Retry-After"] == "7"


async def test_a_wrong_method_is_told_the_right_ones(app: ServiceApp) -> None:
    response = await app.test_client().delete("/batches/17")

    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/raises/KeyError"])
async def test_every_answer_has_the_caller_s_correlation_id(app: ServiceApp, path: str) -> None:
    response = await app.test_client().get(path, headers={"X-Correlation-ID": CORRELATION})

    assert response.headers["X-Correlation-ID"] == CORRELATION


async def test_requests_are_counted_by_rule_never_by_path(app: ServiceApp, metrics: ServiceMetrics) -> None:
    client = app.test_client()
    for path in ("/batches/1", "/batches/2", "/secret/3"):
        await client.get(path)
    await client.open("/batches/1", method="BREW", json=None)

    text = metrics.render().decode()

    assert 'http_requests_total{endpoint="/batches/<batch_id>",method="GET",status_code="404"} 2.0' in text
    assert 'http_requests_total{endpoint="unmatched",method="GET",status_code="404"} 1.0' in text
    assert "secret" not in text
    assert "BREW" not in text


async def test_a_request_is_a_span_of_its_caller_s_trace(metrics: ServiceMetrics) -> None:
    exporter = InMemorySpanExporter()
    tracing = traced_by(SimpleSpanProcessor(exporter), "demo_service", "testing")
    app = create_app("demo_service", DemoSettings.load(), metrics, [routes()], tracing=tracing)
    trace = "0af7651916cd43dd8448eb211c80319c"

    await app.test_client().get("/batches/1", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})

    (recorded,) = exporter.get_finished_spans()
    assert recorded.name == "GET /batches/<batch_id>"
    assert recorded.context is not None
    assert f"{recorded.context.trace_id:032x}" == trace


async def test_healthy_is_the_mission_s_answer(app: ServiceApp) -> None:
    response = await app.test_client().get("/healthz")

    assert (response.status_code, await response.get_json()) == (200, {"status": "ok"})


async def test_a_dead_loop_is_a_reason_to_restart(app: ServiceApp, health: Health) -> None:
    health.lives_while("reader", lambda: "died of KeyError")

    response = await app.test_client().get("/healthz")

    assert response.status_code == 503
    assert (await response.get_json())["faults"] == {"reader": "died of KeyError"}


async def answers() -> str:
    return "PostgreSQL 18"


async def away() -> None:
    raise ConnectionRefusedError("port 4002")


async def silent() -> None:
    await asyncio_forever()


async def test_readiness_tells_what_is_missing(app: ServiceApp, health: Health) -> None:
    health.needs("database", answers)
    assert (await app.test_client().get("/readyz")).status_code == 200
    health.needs("bcs", away)
    health.needs("cache", silent)

    response = await app.test_client().get("/readyz")

    assert response.status_code == 503
    assert (await response.get_json())["checks"] == {
        "database": {"ok": True, "detail": "PostgreSQL 18"},
        "bcs": {"ok": False, "detail": "ConnectionRefusedError: port 4002"},
        "cache": {"ok": False, "detail": "no answer within 0.01 s"},
    }


async def test_without_what_only_speeds_it_up_a_service_is_ready_and_says_so(app: ServiceApp, health: Health) -> None:
    health.needs("database", answers)
    health.wants("recall", away)

    response = await app.test_client().get("/readyz")

    assert response.status_code == 200
    assert await response.get_json() == {
        "status": "degraded",
        "checks": {
            "database": {"ok": True, "detail": "PostgreSQL 18"},
            "recall": {"ok": False, "detail": "ConnectionRefusedError: port 4002"},
        },
    }


async def test_what_is_wanted_does_not_stand_in_for_what_is_needed(app: ServiceApp, health: Health) -> None:
    health.wants("recall", answers)
    assert (await (await app.test_client().get("/readyz")).get_json())["status"] == "ready"
    health.needs("bcs", away)

    response = await app.test_client().get("/readyz")

    assert response.status_code == 503
    assert (await response.get_json())["status"] == "not ready"


async def asyncio_forever() -> None:
    """Never come back."""
    await asyncio.get_running_loop().create_future()


async def test_metrics_are_served_as_openmetrics(app: ServiceApp) -> None:
    response = await app.test_client().get("/metrics")

    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    assert (await response.get_data(as_text=True)).endswith("# EOF\n")


async def test_the_api_document_lists_bodies_refusals_and_nothing_twice(app: ServiceApp) -> None:
    document = openapi_document(app)
    register = document["paths"]["/batches"]["post"]

    assert document["openapi"].startswith("3.1")
    assert register["requestBody"]["required"]
    assert register["responses"].keys() == {"202", "400", "404", "409", "default"}
    assert register["responses"]["409"]["description"] == (
        "RUN_ACTIVE: A run is active.\n\nCONFLICT: The command does not fit the present state."
    )
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert document == openapi_document(app)


async def test_the_api_document_has_no_dangling_references(app: ServiceApp) -> None:
    response = await app.test_client().get("/openapi.json")
    text = await response.get_data(as_text=True)
    document = json.loads(text)

    references = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references
    assert references <= document["components"]["schemas"].keys()


@pytest.mark.parametrize(("address", "document"), [("/docs", "/openapi.json"), ("/docs/events", "/asyncapi.json")])
async def test_a_page_that_shows_a_document_needs_no_network(app: ServiceApp, address: str, document: str) -> None:
    response = await app.test_client().get(address)
    page = await response.get_data(as_text=True)

    assert response.content_type.startswith("text/html")
    assert f'fetch("{document}")' in page
    assert (await app.test_client().get(document)).status_code == 200
    assert "//" not in page.replace("</", "")
