"""The HTTP side of Content Service."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from content_service.api.content_routes import contents
from content_service.config import SERVICE_NAME, ContentSettings
from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics


def content_app(
    settings: ContentSettings, metrics: ServiceMetrics, health: Health, container: AsyncContainer
) -> ServiceApp:
    """The app; what its routes need comes from the container."""
    app = create_app(SERVICE_NAME, settings, metrics, [contents], health=health, title="HuleEdu Content")
    QuartDishka(app, container)
    return app
