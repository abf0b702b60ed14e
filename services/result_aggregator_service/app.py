"""The HTTP side."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing
from result_aggregator_service.api.result_routes import results
from result_aggregator_service.api.status_routes import statuses
from result_aggregator_service.config import SERVICE_NAME, ResultAggregatorSettings


def create_result_app(
    settings: ResultAggregatorSettings,
    container: AsyncContainer,
    metrics: ServiceMetrics,
    health: Health,
    tracing: Tracing,
) -> ServiceApp:
    """The app; what its routes need comes from the container."""
    app = create_app(
        SERVICE_NAME,
        settings,
        metrics,
        [results, statuses],
        health=health,
        tracing=tracing,
        title="HuleEdu Result Aggregator",
    )
    QuartDishka(app, container)
    return app
