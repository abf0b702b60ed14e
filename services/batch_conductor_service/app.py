"""BCS's HTTP side."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from batch_conductor_service.api.pipeline_routes import pipeline_blueprint
from batch_conductor_service.config import SERVICE_NAME, BatchConductorSettings
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.app_factory import create_app as create_service_app
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing


def create_app(
    container: AsyncContainer, settings: BatchConductorSettings, metrics: ServiceMetrics, tracing: Tracing
) -> ServiceApp:
    """The app, its dependencies taken from the container."""
    app = create_service_app(
        SERVICE_NAME,
        settings,
        metrics,
        [pipeline_blueprint],
        tracing=tracing,
        title="HuleEdu Batch Conductor Service",
    )
    QuartDishka(app=app, container=container)
    return app
