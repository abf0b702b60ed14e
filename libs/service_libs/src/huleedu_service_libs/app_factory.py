"""The Quart app that every service is: correlation, traces, metrics, problems, limits, health and API documents."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from http import HTTPMethod, HTTPStatus
from time import perf_counter
from typing import Any

from hypercorn.typing import ASGISendCallable
from opentelemetry.trace import SpanKind
from quart import Blueprint, Quart, Request, Response, request
from quart.asgi import ASGIHTTPConnection
from quart_schema import Info, QuartSchema, hide
from werkzeug import Response as WerkzeugResponse

from huleedu_service_libs.asyncapi import EventPart, asyncapi_document, event_part
from huleedu_service_libs.correlation import CORRELATION_HEADER, correlated, correlation_id_from
from huleedu_service_libs.errors import BadRequest
from huleedu_service_libs.health import Health, health_blueprint
from huleedu_service_libs.json_body import ServiceRequest
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.openapi import ServiceOpenAPIProvider, page
from huleedu_service_libs.problems import install_problem_handlers
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.tracing import TRACE_HEADER, Tracing, span

_METHODS = frozenset(HTTPMethod)


def create_app(
    name: str,
    settings: ServiceSettings,
    metrics: ServiceMetrics,
    blueprints: Iterable[Blueprint],
    *,
    health: Health | None = None,
    tracing: Tracing | None = None,
    title: str | None = None,
    version: str = "1.0.0",
) -> "ServiceApp":
    """A service's app: its own routes, and around them everything that all services share.

    `health` holds the service's readiness checks and liveness probes, and the groups that its event document shows.
    """
    app = ServiceApp(name, settings, metrics, tracing or Tracing())
    _limit(app, settings)
    QuartSchema(
        app,
        info=Info(title=title or name, version=version),
        openapi_provider_class=ServiceOpenAPIProvider,
        redoc_ui_path=None,
        scalar_ui_path=None,
        swagger_ui_path=None,
    )
    install_problem_handlers(app, app.log)
    app.before_request(_refuse_nul)
    health = health or Health()
    app.register_blueprint(_docs_blueprint(title or name, event_part(name, health.groups), version))
    app.register_blueprint(health_blueprint(health, metrics))
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


class ServiceApp(Quart):
    """A service's HTTP side. `on_stopping` is called when it is about to end: what never ends by itself ends then."""

    request_class = ServiceRequest

    def __init__(self, name: str, settings: ServiceSettings, metrics: ServiceMetrics, tracing: Tracing) -> None:
        super().__init__(name, static_folder=None)
        self.asgi_http_class = _Connection
        self.log = create_service_logger(name, "http")
        self.settings = settings
        self.open_tasks: set[asyncio.Task[Any]] = set()
        self.on_stopping: list[Callable[[], object]] = []
        self._metrics = metrics
        self._tracing = tracing

    def cut_off(self) -> None:
        """End the requests that are still open, streams too."""
        for task in self.open_tasks:
            task.cancel()

    async def handle_request(self, request: Request) -> Response | WerkzeugResponse:
        """Answer one request: correlated, traced, measured and, where it is worth it, logged."""
        started = perf_counter()
        parent = request.headers.get(TRACE_HEADER)
        with (
            correlated(correlation_id_from(request.headers.get(CORRELATION_HEADER))) as correlation_id,
            span(self._tracing.tracer, _method(request), traceparent=parent, kind=SpanKind.SERVER) as current,
        ):
            response = await super().handle_request(request)
            response.headers[CORRELATION_HEADER] = correlation_id
            current.update_name(f"{_method(request)} {_endpoint(request)}")
            current.set_attribute("http.response.status_code", response.status_code)
            self._account(request, response.status_code, perf_counter() - started)
        return response

    def _account(self, request: Request, status: int, seconds: float) -> None:
        method, endpoint = _method(request), _endpoint(request)
        self._metrics.http_requests.labels(method, endpoint, status).inc()
        self._metrics.http_request_duration.labels(method, endpoint).observe(seconds)
        worth_it = method != HTTPMethod.GET or status >= HTTPStatus.BAD_REQUEST
        log = self.log.info if worth_it else self.log.debug
        log("request", method=method, endpoint=endpoint, status=status, ms=round(seconds * 1000, 1))


class _Connection(ASGIHTTPConnection):
    """Keeps note of a request's tasks, from its first byte to the last one of a stream, so that it can be cut off."""

    app: ServiceApp

    async def handle_messages(self, *of_quart: Any, **and_its_versions: Any) -> None:
        with self._noted():
            await super().handle_messages(*of_quart, **and_its_versions)

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        with self._noted():
            await super().handle_request(request, send)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self.app.open_tasks.add(task)
        try:
            yield
        finally:
            self.app.open_tasks.discard(task)


def _method(request: Request) -> str:
    return request.method if request.method in _METHODS else "OTHER"


def _endpoint(request: Request) -> str:
    """The rule, never the path: paths hold ids, and anybody can make up new ones."""
    return request.url_rule.rule if request.url_rule else "unmatched"


async def _refuse_nul() -> None:
    """No database could look such an address up."""
    if "\0" in request.path or b"%00" in request.query_string:
        raise BadRequest("The address must not contain NUL characters.")


def _limit(app: Quart, settings: ServiceSettings) -> None:
    app.config["MAX_CONTENT_LENGTH"] = settings.http_max_body_bytes
    app.config["BODY_TIMEOUT"] = settings.http_body_timeout
    app.config["RESPONSE_TIMEOUT"] = settings.http_response_timeout


def _docs_blueprint(title: str, events: EventPart, version: str) -> Blueprint:
    """What is asked over HTTP is at /docs and /openapi.json, what is said in events at /docs/events, /asyncapi.json."""
    blueprint = Blueprint("docs", __name__)
    asked, said = page("docs.html"), page("events.html")
    event_document = cache(partial(asyncapi_document, title, [events], version=version))

    @blueprint.get("/docs")
    @hide
    async def docs() -> Response:
        return Response(asked, mimetype="text/html")

    @blueprint.get("/docs/events")
    @hide
    async def event_docs() -> Response:
        return Response(said, mimetype="text/html")

    @blueprint.get("/asyncapi.json")
    @hide
    async def asyncapi() -> dict[str, Any]:
        return event_document()

    return blueprint
