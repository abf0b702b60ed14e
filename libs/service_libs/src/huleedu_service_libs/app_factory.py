"""The Quart app that every service is: correlation, traces, metrics, problems, limits, health and API documents."""

import asyncio
from collections.abc import Iterable
from http import HTTPMethod, HTTPStatus
from time import perf_counter
from typing import Any

from hypercorn.typing import ASGISendCallable
from opentelemetry.trace import SpanKind
from quart import Blueprint, Quart, Request, Response
from quart.asgi import ASGIHTTPConnection
from quart.ctx import RequestContext
from quart.globals import request_ctx
from quart_schema import Info, QuartSchema, hide
from werkzeug import Response as WerkzeugResponse

from huleedu_service_libs.correlation import CORRELATION_HEADER, correlated, correlation_id_from
from huleedu_service_libs.errors import BadRequest
from huleedu_service_libs.health import Health, health_blueprint
from huleedu_service_libs.json_body import ServiceRequest
from huleedu_service_libs.logging_utils import create_service_logger
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.openapi import ServiceOpenAPIProvider, docs_page
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

    `health` holds the service's readiness checks and liveness probes.
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
    app.register_blueprint(_docs_blueprint())
    app.register_blueprint(health_blueprint(health or Health(), metrics))
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


class ServiceApp(Quart):
    """A service's HTTP side."""

    request_class = ServiceRequest

    def __init__(self, name: str, settings: ServiceSettings, metrics: ServiceMetrics, tracing: Tracing) -> None:
        super().__init__(name, static_folder=None)
        self.asgi_http_class = _Connection
        self.log = create_service_logger(name, "http")
        self.settings = settings
        self.open_requests: set[asyncio.Task[Any]] = set()
        self._metrics = metrics
        self._tracing = tracing

    def cut_off(self) -> None:
        """End the requests that are still open, streams too."""
        for request in self.open_requests:
            request.cancel()

    async def full_dispatch_request(self, request_context: RequestContext | None = None) -> Response | WerkzeugResponse:
        """Answer one request: correlated, traced, measured and, where it is worth it, logged."""
        request: Request = (request_context or request_ctx).request
        started = perf_counter()
        with (
            correlated(correlation_id_from(request.headers.get(CORRELATION_HEADER))) as correlation_id,
            self._span(request) as current,
        ):
            response = await super().full_dispatch_request(request_context)
            response.headers[CORRELATION_HEADER] = correlation_id
            current.set_attribute("http.response.status_code", response.status_code)
            self._account(request, response.status_code, perf_counter() - started)
        return response

    async def preprocess_request(self, request_context: RequestContext | None = None) -> Any:
        """Refuse an address that no database could look up."""
        request: Request = (request_context or request_ctx).request
        if "\0" in request.path or b"%00" in request.query_string:
            raise BadRequest("The address must not contain NUL characters.")
        return await super().preprocess_request(request_context)

    def _span(self, request: Request) -> Any:
        name = f"{_method(request)} {_endpoint(request)}"
        return span(self._tracing.tracer, name, traceparent=request.headers.get(TRACE_HEADER), kind=SpanKind.SERVER)

    def _account(self, request: Request, status: int, seconds: float) -> None:
        method, endpoint = _method(request), _endpoint(request)
        self._metrics.http_requests.labels(method, endpoint, status).inc()
        self._metrics.http_request_duration.labels(method, endpoint).observe(seconds)
        worth_it = method != HTTPMethod.GET or status >= HTTPStatus.BAD_REQUEST
        log = self.log.info if worth_it else self.log.debug
        log("request", method=method, endpoint=endpoint, status=status, ms=round(seconds * 1000, 1))


class _Connection(ASGIHTTPConnection):
    """Keeps note of the requests that are open, from their first byte to the last one of a stream."""

    app: ServiceApp

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.app.open_requests.add(task)
        try:
            await super().handle_request(request, send)
        finally:
            self.app.open_requests.discard(task)


def _method(request: Request) -> str:
    return request.method if request.method in _METHODS else "OTHER"


def _endpoint(request: Request) -> str:
    """The rule, never the path: paths hold ids, and anybody can make up new ones."""
    return request.url_rule.rule if request.url_rule else "unmatched"


def _limit(app: Quart, settings: ServiceSettings) -> None:
    app.config["MAX_CONTENT_LENGTH"] = settings.http_max_body_bytes
    app.config["BODY_TIMEOUT"] = settings.http_body_timeout
    app.config["RESPONSE_TIMEOUT"] = settings.http_response_timeout


def _docs_blueprint() -> Blueprint:
    blueprint = Blueprint("docs", __name__)
    page = docs_page()

    @blueprint.get("/docs")
    @hide
    async def docs() -> Response:
        return Response(page, mimetype="text/html")

    return blueprint
