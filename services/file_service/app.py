"""The HTTP side of File Service."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from file_service.api.file_routes import files
from file_service.config import SERVICE_NAME, FileSettings
from file_service.metrics import FileServiceMetrics
from huleedu_service_libs.app_factory import ServiceApp, create_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.runtime import Database
from huleedu_service_libs.tracing import Tracing


async def file_app(settings: FileSettings, health: Health, container: AsyncContainer) -> ServiceApp:
    """The app; what it and its routes need comes from the container."""
    metrics, tracing = await container.get(FileServiceMetrics), await container.get(Tracing)
    app = create_app(SERVICE_NAME, settings, metrics, [files], health=health, tracing=tracing, title="HuleEdu Files")
    app.extensions["huleedu_database"] = await container.get(Database)
    QuartDishka(app, container)
    return app
