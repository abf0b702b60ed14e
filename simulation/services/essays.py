"""ELS, over the stores in memory that pass the same suite as PostgreSQL's, and RAS."""

from essay_lifecycle_service.di import HandlerProvider
from essay_lifecycle_service.domain.window import Policy
from essay_lifecycle_service.implementations.intake_repository_impl import InMemoryIntakeRepositoryImpl
from essay_lifecycle_service.implementations.matching_repository_impl import InMemoryMatchingRepositoryImpl
from essay_lifecycle_service.implementations.phase_repository_impl import InMemoryPhaseRepositoryImpl
from essay_lifecycle_service.kafka_consumer import EssayKafkaConsumer
from essay_lifecycle_service.protocols import (
    IntakeRepositoryProtocol,
    MatchingRepositoryProtocol,
    PhaseRepositoryProtocol,
)
from result_aggregator_service.di import EventProvider
from result_aggregator_service.implementations.batch_table import BatchTable
from result_aggregator_service.implementations.result_repository_impl import InMemoryResultRepositoryImpl
from result_aggregator_service.kafka_consumer import ResultKafkaConsumer
from result_aggregator_service.protocols import ResultRepositoryProtocol

from simulation.services.parts import ELS, RAS, Surroundings, container

WINDOW = 3
"""Essays of a phase that may be out at once: so few that batches wait for each other."""


async def essay_lifecycle(around: Surroundings) -> None:
    """Have its groups read."""
    intakes = InMemoryIntakeRepositoryImpl()
    given = {
        IntakeRepositoryProtocol: intakes,
        MatchingRepositoryProtocol: InMemoryMatchingRepositoryImpl(intakes),
        PhaseRepositoryProtocol: InMemoryPhaseRepositoryImpl(Policy(window=WINDOW, owner_window=WINDOW - 1)),
    }
    parts = container(HandlerProvider(), given=given, context={})
    around.bus.subscribe(ELS, (await parts.get(EssayKafkaConsumer)).groups())


async def results(around: Surroundings) -> InMemoryResultRepositoryImpl:
    """Have RAS's groups read; what it has put together can be read here."""
    kept = InMemoryResultRepositoryImpl()
    parts = container(EventProvider(), given={ResultRepositoryProtocol: kept, BatchTable: BatchTable()}, context={})
    around.bus.subscribe(RAS, (await parts.get(ResultKafkaConsumer)).groups())
    return kept
