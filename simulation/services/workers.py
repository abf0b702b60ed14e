"""The services that work on files and texts: File Service, the spellchecker, the NLP service."""

from batch_orchestrator_service.protocols import BatchProcessingServiceProtocol
from file_service.config import FileSettings
from file_service.di import UploadProvider
from file_service.implementations.batch_standings_http_impl import HttpBatchStandings
from file_service.implementations.file_intake import FileIntake
from file_service.implementations.file_upload_repository_impl import InMemoryFileUploadRepository
from file_service.kafka_consumer import FileKafkaConsumer
from file_service.protocols import BatchStandingsProtocol, FileUploadRepositoryProtocol, TextReaderProtocol
from nlp_service.config import NlpSettings
from nlp_service.di import AnalysisProvider
from nlp_service.implementations.analysis_repository_postgres_impl import PostgreSQLAnalysisRepository
from nlp_service.kafka_consumer import NlpKafkaConsumer
from spellchecker_service.config import SpellcheckerSettings
from spellchecker_service.di import SpellingProvider
from spellchecker_service.kafka_consumer import SpellcheckerKafkaConsumer

from huleedu_service_libs.cancelled_runs import CancelledRuns
from huleedu_service_libs.content_client import ContentClientProtocol
from huleedu_service_libs.runtime.transactions import Transactions
from simulation.peers import InProcessPeer, orchestrator
from simulation.services.parts import BOS, FILES, NLP, SPELLCHECKER, Surroundings, container
from simulation.stores import InMemoryAnalyses, InMemoryCancelledRuns
from simulation.workers import PlainReader


async def files(around: Surroundings, batches: BatchProcessingServiceProtocol) -> FileIntake:
    """Have File Service's work done; files can be handed in here."""
    peer = InProcessPeer(BOS, orchestrator(batches), around.is_away)
    given = {
        BatchStandingsProtocol: HttpBatchStandings(peer),
        TextReaderProtocol: PlainReader(),
        FileUploadRepositoryProtocol: InMemoryFileUploadRepository(),
        ContentClientProtocol: around.contents,
        Transactions: around.transactions(FILES),
        **around.process(),
    }
    parts = container(UploadProvider(), given=given, context={FileSettings: FileSettings.load(environment="testing")})
    around.bus.subscribe(FILES, (await parts.get(FileKafkaConsumer)).groups())
    return await parts.get(FileIntake)


async def spellchecker(around: Surroundings) -> None:
    """Have its groups read."""
    given = {
        CancelledRuns: InMemoryCancelledRuns(),
        ContentClientProtocol: around.contents,
        **around.process(),
    }
    settings = SpellcheckerSettings.load(environment="testing", engine="language")
    parts = container(SpellingProvider(), given=given, context={SpellcheckerSettings: settings})
    around.bus.subscribe(SPELLCHECKER, (await parts.get(SpellcheckerKafkaConsumer)).groups())


async def nlp(around: Surroundings) -> None:
    """Have its groups read."""
    given = {
        CancelledRuns: InMemoryCancelledRuns(),
        ContentClientProtocol: around.contents,
        PostgreSQLAnalysisRepository: InMemoryAnalyses(),
        **around.process(),
    }
    settings = NlpSettings.load(environment="testing", engine="language", essays_per_item=2)
    parts = container(AnalysisProvider(), given=given, context={NlpSettings: settings})
    around.bus.subscribe(NLP, (await parts.get(NlpKafkaConsumer)).groups())
