"""BOS, with BCS to ask."""

from dataclasses import dataclass

from batch_conductor_service.config import BatchConductorSettings
from batch_conductor_service.implementations.yaml_catalogue import YamlCatalogueImpl
from batch_orchestrator_service.config import BatchOrchestratorSettings
from batch_orchestrator_service.di import BatchProvider, ConsumerProvider, OutsideProvider
from batch_orchestrator_service.implementations.batch_conductor_client_impl import BatchConductorClientImpl
from batch_orchestrator_service.implementations.bulk_desk import BulkDesk
from batch_orchestrator_service.implementations.operations_impl import MockOperationsImpl
from batch_orchestrator_service.kafka_consumer import BatchKafkaConsumer
from batch_orchestrator_service.protocols import (
    BatchConductorClientProtocol,
    BatchControlProtocol,
    BatchProcessingServiceProtocol,
    BatchRepositoryProtocol,
    NewId,
    OperationsProtocol,
)

from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.runtime.transactions import Transactions
from simulation.peers import InProcessPeer, conductor
from simulation.services.parts import BCS, BOS, Surroundings, container
from simulation.stores import InMemoryTransactions, WatchedBatches

OFFERED = YamlCatalogueImpl(BatchConductorSettings().pipelines_file).read()


@dataclass(frozen=True)
class Orchestrator:
    """What can be asked of BOS."""

    batches: BatchProcessingServiceProtocol
    control: BatchControlProtocol
    bulk: BulkDesk
    transactions: InMemoryTransactions


async def orchestrator(around: Surroundings, batches: WatchedBatches) -> Orchestrator:
    """Have its groups read."""
    transactions = around.transactions(BOS)
    peer = InProcessPeer(BCS, conductor(OFFERED), around.is_away)
    given = {
        BatchRepositoryProtocol: batches,
        OperationsProtocol: MockOperationsImpl(),
        BatchConductorClientProtocol: BatchConductorClientImpl(peer),
        ContentClientProtocol: around.contents,
        Transactions: transactions,
        NewId: around.new_id,
        **around.process(),
    }
    context = {BatchOrchestratorSettings: BatchOrchestratorSettings.load(environment="testing")}
    parts = container(OutsideProvider(), BatchProvider(), ConsumerProvider(), given=given, context=context)
    around.bus.subscribe(BOS, (await parts.get(BatchKafkaConsumer)).groups())
    return Orchestrator(
        await parts.get(BatchProcessingServiceProtocol),
        await parts.get(BatchControlProtocol),
        await parts.get(BulkDesk),
        transactions,
    )
