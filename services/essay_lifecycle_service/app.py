"""This service's HTTP side."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from essay_lifecycle_service.api.routes import blueprint
from essay_lifecycle_service.config import Settings
from essay_lifecycle_service.metrics import EssayLifecycleMetrics
from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.tracing import Tracing


def make_app(
    settings: Settings, container: AsyncContainer, metrics: EssayLifecycleMetrics, health: Health, tracing: Tracing
) -> ServiceApp:
    """The app, with its parts injected from the container."""
    app = create_app(
        settings.service_name,
        settings,
        metrics,
        [blueprint],
        health=health,
        tracing=tracing,
        title="HuleEdu: essay lifecycles",
    )
    QuartDishka(app=app, container=container)
    return app
