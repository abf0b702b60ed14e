"""The container puts together every part, from the real providers."""

from pathlib import Path

import pytest

from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.implementations.batch_conductor_client_impl import BatchConductorClientImpl
from batch_orchestrator_service.implementations.batch_processing_service_impl import BatchProcessingServiceImpl
from batch_orchestrator_service.implementations.batch_repository_postgres_impl import PostgreSQLBatchRepositoryImpl
from batch_orchestrator_service.implementations.event_publisher_impl import DefaultBatchEventPublisherImpl
from batch_orchestrator_service.kafka_consumer import BatchKafkaConsumer
from batch_orchestrator_service.protocols import (
    BatchConductorClientProtocol,
    BatchEventPublisherProtocol,
    BatchProcessingServiceProtocol,
    BatchRepositoryProtocol,
)
from batch_orchestrator_service.startup_setup import make_container
from common_core.messages.batch import (
    BatchContentProvisioningCompletedV1,
    BatchEssaysReady,
    BatchValidationErrorsV1,
)
from common_core.messages.pipeline import (
    ClientBatchPipelineRequestV1,
    ELSBatchPhaseOutcomeV1,
    ELSBatchPhaseProgressV1,
)
from huleedu_service_libs.content_client import ContentClientProtocol, HttpContentClient
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.service import Platform
from huleedu_service_libs.testing import NoPool

CONSUMED = {
    BatchContentProvisioningCompletedV1,
    BatchValidationErrorsV1,
    BatchEssaysReady,
    ELSBatchPhaseOutcomeV1,
    ELSBatchPhaseProgressV1,
    ClientBatchPipelineRequestV1,
}


@pytest.fixture
def platform(service_dsn: str, tmp_path: Path) -> Platform:
    """A process around the service."""
    return Platform(bus=PostgresEventBus(service_dsn), pool=NoPool(), dsn=service_dsn, data_dir=tmp_path)


async def test_each_port_is_filled_once(platform: Platform) -> None:
    container = make_container(BatchOrchestratorSettings.load(environment="testing"), platform)
    filled = {
        BatchRepositoryProtocol: PostgreSQLBatchRepositoryImpl,
        BatchEventPublisherProtocol: DefaultBatchEventPublisherImpl,
        ContentClientProtocol: HttpContentClient,
        BatchConductorClientProtocol: BatchConductorClientImpl,
        BatchProcessingServiceProtocol: BatchProcessingServiceImpl,
    }

    for port, filling in filled.items():
        assert isinstance(await container.get(port), filling)
        assert await container.get(port) is await container.get(port)
    (group,) = (await container.get(BatchKafkaConsumer)).groups()
    assert group.name == "batch_orchestrator_service"
    assert {route.message for route in group.routes} >= CONSUMED
    await container.close()
