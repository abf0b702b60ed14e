"""Puts BCS together and starts it; there is no database."""

from dishka import make_async_container

from batch_conductor_service.app import create_app
from batch_conductor_service.config import SERVICE_NAME, BatchConductorSettings
from batch_conductor_service.di import PipelineProvider
from batch_conductor_service.domain.pipelines import Catalogue
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.service import Platform, Service, ServiceDefinition
from huleedu_service_libs.settings import ServiceSettings
from huleedu_service_libs.surroundings import SurroundingsProvider
from huleedu_service_libs.tracing import Tracing


async def start(settings: BatchConductorSettings, platform: Platform) -> Service:
    """Raises WrongDefinition when the pipelines cannot be used: better not to start than to refuse later."""
    context = {BatchConductorSettings: settings, ServiceSettings: settings, Platform: platform}
    parts = make_async_container(SurroundingsProvider(), PipelineProvider(), context=context)
    await parts.get(Catalogue)
    app = create_app(parts, settings, ServiceMetrics(SERVICE_NAME), await parts.get(Tracing))
    return Service(name=SERVICE_NAME, app=app, close=parts.close)


DEFINITION = ServiceDefinition(name=SERVICE_NAME, settings=BatchConductorSettings, start=start)
