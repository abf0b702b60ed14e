"""The HTTP side of Content Service."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from content_service.api.content_routes import contents
from content_service.config import SERVICE_NAME, ContentSettings
from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing


async def content_app(settings: ContentSettings, health: Health, container: AsyncContainer) -> ServiceApp:
    """The app; what it and its routes need comes from the container."""
    metrics, tracing = await container.get(ServiceMetrics), await container.get(Tracing)
    app = create_app(
        SERVICE_NAME, settings, metrics, [contents], health=health, tracing=tracing, title="HuleEdu Content"
    )
    QuartDishka(app, container)
    return app
