"""Starts BCS: the pipelines and the app; there is no database."""

from dishka import make_async_container

from batch_conductor_service.app import create_app
from batch_conductor_service.config import SERVICE_NAME, BatchConductorSettings
from batch_conductor_service.di import PipelineProvider
from batch_conductor_service.domain.pipelines import Catalogue
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.tracing import configure_tracing


async def start(settings: BatchConductorSettings, _: Platform) -> Service:
    """Raises WrongDefinition when the pipelines cannot be used: better not to start than to refuse later."""
    container = make_async_container(PipelineProvider(), context={BatchConductorSettings: settings})
    await container.get(Catalogue)
    metrics, tracing = ServiceMetrics(SERVICE_NAME), configure_tracing(SERVICE_NAME, settings)
    app = create_app(container, settings, metrics, tracing)

    async def close() -> None:
        await container.close()
        tracing.close()

    return Service(name=SERVICE_NAME, app=app, close=close)


DEFINITION = ServiceDefinition(name=SERVICE_NAME, settings=BatchConductorSettings, start=start)
