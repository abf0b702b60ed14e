"""The parts of File Service and how they fit."""

from collections.abc import AsyncIterator

from dishka import Provider, Scope, alias, from_context, provide

from file_service.config import SERVICE_NAME, FileSettings
from file_service.extraction.extractor import Extractor
from file_service.extraction.limits import Limits
from file_service.implementations.batch_check import BatchCheck
from file_service.implementations.batch_files import BatchFiles
from file_service.implementations.batch_standings_http_impl import HttpBatchStandings
from file_service.implementations.file_intake import FileIntake
from file_service.implementations.file_upload_repository_postgres_impl import PostgreSQLFileUploadRepository
from file_service.implementations.raw_files import RawFiles
from file_service.implementations.read_file_handler import ReadFileHandler
from file_service.implementations.unusable_files_handler import UnusableFilesHandler
from file_service.kafka_consumer import FileKafkaConsumer
from file_service.metrics import FileServiceMetrics
from file_service.protocols import BatchStandingsProtocol, FileUploadRepositoryProtocol, TextReaderProtocol
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime import Database, GroupCommit, Transactions
from huleedu_service_libs.service import Platform
from huleedu_service_libs.surroundings import ReadsContent
from huleedu_service_libs.tracing import Tracing


class PeerProvider(Provider):
    """What the service asks of BOS, and of the processes that read files."""

    scope = Scope.APP

    @provide
    async def batches(
        self, settings: FileSettings, platform: Platform, metrics: ServiceMetrics, tracing: Tracing
    ) -> AsyncIterator[BatchStandingsProtocol]:
        address = platform.address("batch_orchestrator_service", settings.bos_url)
        async with PeerClient("batch_orchestrator_service", address, settings, metrics, tracing) as peer:
            yield HttpBatchStandings(peer)

    @provide
    async def reader(self, settings: FileSettings) -> AsyncIterator[TextReaderProtocol]:
        limits = Limits(most_bytes=settings.max_file_bytes)
        async with Extractor(settings.extraction_processes, limits) as extractor:
            yield extractor


class UploadProvider(Provider):
    """What the service does, and measures."""

    scope = Scope.APP
    settings = from_context(FileSettings)
    reads_content = alias(FileSettings, provides=ReadsContent)
    all_metrics = alias(FileServiceMetrics, provides=ServiceMetrics)
    uploads = provide(PostgreSQLFileUploadRepository, provides=FileUploadRepositoryProtocol)
    batch_check = provide(BatchCheck)
    raw_files = provide(RawFiles)
    intake = provide(FileIntake)
    batch_files = provide(BatchFiles)
    handler = provide(ReadFileHandler)
    unusable = provide(UnusableFilesHandler)
    consumer = provide(FileKafkaConsumer)

    @provide
    def metrics(self) -> FileServiceMetrics:
        return FileServiceMetrics(SERVICE_NAME)

    @provide
    def transactions(self, database: Database, platform: Platform) -> Transactions:
        return GroupCommit(database, SERVICE_NAME, platform.bus.said)
