"""Class management's HTTP side."""

from dishka import AsyncContainer
from quart_dishka import QuartDishka

from class_management_service.api.association_routes import associations
from class_management_service.api.class_routes import classes
from class_management_service.api.internal_routes import internal
from class_management_service.api.roster_routes import rosters
from class_management_service.api.student_routes import students
from class_management_service.config import SERVICE_NAME, ClassManagementSettings
from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.app_factory import create_app as create_service_app
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing


def create_app(
    container: AsyncContainer,
    settings: ClassManagementSettings,
    metrics: ServiceMetrics,
    health: Health,
    tracing: Tracing,
) -> ServiceApp:
    """The app, its dependencies taken from the container."""
    app = create_service_app(
        SERVICE_NAME,
        settings,
        metrics,
        [classes, students, rosters, associations, internal],
        health=health,
        tracing=tracing,
        title="HuleEdu Class Management Service",
    )
    QuartDishka(app=app, container=container)
    return app
