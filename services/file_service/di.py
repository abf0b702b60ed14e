"""The parts of File Service and how they fit."""

from collections.abc import AsyncIterator

from dishka import Provider, Scope, from_context, provide

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
from file_service.kafka_consumer import FileKafkaConsumer
from file_service.metrics import FileServiceMetrics
from file_service.protocols import BatchStandingsProtocol, FileUploadRepositoryProtocol, TextReaderProtocol
from huleedu_service_libs.content_client import ContentClientProtocol, HttpContentClient
from huleedu_service_libs.http_client import PeerClient
from huleedu_service_libs.runtime import Database, GroupCommit, Transactions
from huleedu_service_libs.service import Platform


class SurroundingsProvider(Provider):
    """What the service reaches outside its process."""

    scope = Scope.APP
    settings = from_context(FileSettings)
    platform = from_context(Platform)

    @provide
    def metrics(self) -> FileServiceMetrics:
        return FileServiceMetrics(SERVICE_NAME)

    @provide
    async def database(self, settings: FileSettings, platform: Platform) -> AsyncIterator[Database]:
        size = settings.db_pool_size
        database = await Database.connect(platform.dsn, SERVICE_NAME, size=size, clock=platform.clock)
        yield database
        await database.close()

    @provide
    async def content(
        self, settings: FileSettings, platform: Platform, metrics: FileServiceMetrics
    ) -> AsyncIterator[ContentClientProtocol]:
        address = platform.address("content_service", settings.content_service_url)
        async with PeerClient("content_service", address, settings, metrics) as peer:
            yield HttpContentClient(peer)

    @provide
    async def batches(
        self, settings: FileSettings, platform: Platform, metrics: FileServiceMetrics
    ) -> AsyncIterator[BatchStandingsProtocol]:
        address = platform.address("batch_orchestrator_service", settings.bos_url)
        async with PeerClient("batch_orchestrator_service", address, settings, metrics) as peer:
            yield HttpBatchStandings(peer)

    @provide
    async def reader(self, settings: FileSettings) -> AsyncIterator[TextReaderProtocol]:
        limits = Limits(most_bytes=settings.max_file_bytes)
        async with Extractor(settings.extraction_processes, limits) as extractor:
            yield extractor


class UploadProvider(Provider):
    """What the service does."""

    scope = Scope.APP
    uploads = provide(PostgreSQLFileUploadRepository, provides=FileUploadRepositoryProtocol)
    batch_check = provide(BatchCheck)
    raw_files = provide(RawFiles)
    intake = provide(FileIntake)
    batch_files = provide(BatchFiles)
    handler = provide(ReadFileHandler)
    consumer = provide(FileKafkaConsumer)

    @provide
    def transactions(self, database: Database, platform: Platform) -> Transactions:
        return GroupCommit(database, SERVICE_NAME, platform.bus.said)
