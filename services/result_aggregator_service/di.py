"""The service's parts."""

from dishka import Provider, Scope, provide

from huleedu_service_libs.runtime.database import Database
from result_aggregator_service.batch_report import BatchReports
from result_aggregator_service.implementations.batch_fact_handler import BatchFactHandler
from result_aggregator_service.implementations.batch_table import BatchTable
from result_aggregator_service.implementations.essay_handler import EssayHandler
from result_aggregator_service.implementations.result_publisher_impl import UnitOfWorkResultPublisherImpl
from result_aggregator_service.implementations.result_reader_postgres_impl import PostgresResultReaderImpl
from result_aggregator_service.implementations.result_repository_postgres_impl import PostgresResultRepositoryImpl
from result_aggregator_service.implementations.run_end_handler import RunEndHandler
from result_aggregator_service.kafka_consumer import ResultKafkaConsumer
from result_aggregator_service.protocols import (
    ResultPublisherProtocol,
    ResultReaderProtocol,
    ResultRepositoryProtocol,
)


class StorageProvider(Provider):
    """What has been put together, in PostgreSQL."""

    scope = Scope.APP

    table = provide(BatchTable)

    @provide
    def repository(self, table: BatchTable) -> ResultRepositoryProtocol:
        """Writes, in the unit of work."""
        return PostgresResultRepositoryImpl(table)

    @provide
    def reader(self, database: Database) -> ResultReaderProtocol:
        """Reads, outside of it."""
        return PostgresResultReaderImpl(database)


class EventProvider(Provider):
    """Who hears and says things."""

    scope = Scope.APP

    batches = provide(BatchFactHandler)
    essays = provide(EssayHandler)
    run_ends = provide(RunEndHandler)
    consumer = provide(ResultKafkaConsumer)

    @provide
    def publisher(self) -> ResultPublisherProtocol:
        """Says things in the unit of work."""
        return UnitOfWorkResultPublisherImpl()


class ReportProvider(Provider):
    """What is shown."""

    scope = Scope.APP

    reports = provide(BatchReports)
