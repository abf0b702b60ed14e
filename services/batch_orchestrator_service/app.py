"""BOS's HTTP side."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from batch_orchestrator_service.api.batch_routes import batch_blueprint
from batch_orchestrator_service.api.control_routes import control_blueprint
from batch_orchestrator_service.api.list_routes import list_blueprint
from batch_orchestrator_service.api.operator_routes import operator_blueprint
from batch_orchestrator_service.api.stream_routes import stream_blueprint
from batch_orchestrator_service.config import SERVICE_NAME, BatchOrchestratorSettings
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.app_factory import create_app as create_service_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing


def create_app(
    container: AsyncContainer,
    settings: BatchOrchestratorSettings,
    metrics: ServiceMetrics,
    health: Health,
    tracing: Tracing,
) -> ServiceApp:
    """The app, its dependencies taken from the container."""
    app = create_service_app(
        SERVICE_NAME,
        settings,
        metrics,
        [batch_blueprint, list_blueprint, control_blueprint, operator_blueprint, stream_blueprint],
        health=health,
        tracing=tracing,
        title="HuleEdu Batch Orchestrator Service",
    )
    QuartDishka(app=app, container=container)
    return app
