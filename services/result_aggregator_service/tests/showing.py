"""The HTTP side over what is known in memory."""

from dishka import Provider, Scope, make_async_container

from huleedu_service_libs.app_factory import ServiceApp
from huleedu_service_libs.health import Health
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.tracing import Tracing
from result_aggregator_service.app import create_result_app
from result_aggregator_service.config import SERVICE_NAME, ResultAggregatorSettings
from result_aggregator_service.di import ReportProvider
from result_aggregator_service.protocols import ResultReaderProtocol


def app_over(reader: ResultReaderProtocol) -> ServiceApp:
    """The service's app, with this reader in the place of PostgreSQL."""
    in_memory = Provider(scope=Scope.APP)
    in_memory.provide(lambda: reader, provides=ResultReaderProtocol)
    container = make_async_container(in_memory, ReportProvider())
    settings = ResultAggregatorSettings.load(environment="testing")
    return create_result_app(settings, container, ServiceMetrics(SERVICE_NAME), Health(), Tracing())
