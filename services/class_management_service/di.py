"""The parts of class management, made once per process."""

from dishka import Provider, Scope, from_context, provide, provide_all
from uuid_utils import uuid7

from class_management_service.config import SERVICE_NAME, ClassManagementSettings
from class_management_service.implementations.association_desk import AssociationDesk
from class_management_service.implementations.association_repository_postgres_impl import (
    PostgreSQLAssociationRepository,
)
from class_management_service.implementations.association_table import AssociationTable
from class_management_service.implementations.author_desk import AuthorDesk
from class_management_service.implementations.class_desk import ClassDesk
from class_management_service.implementations.class_repository_postgres_impl import PostgreSQLClassRepository
from class_management_service.implementations.matches_handler import MatchesHandler
from class_management_service.implementations.roster_desk import RosterDesk
from class_management_service.implementations.roster_import import RosterImport
from class_management_service.implementations.student_desk import StudentDesk
from class_management_service.implementations.student_repository_postgres_impl import PostgreSQLStudentRepository
from class_management_service.kafka_consumer import ClassKafkaConsumer
from class_management_service.protocols import (
    AssociationRepositoryProtocol,
    ClassRepositoryProtocol,
    NewId,
    StudentRepositoryProtocol,
)
from huleedu_service_libs.metrics import ServiceMetrics
from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.transactions import GroupCommit, Transactions
from huleedu_service_libs.service import Platform


class StorageProvider(Provider):
    """What is kept, and how it is changed."""

    scope = Scope.APP

    classes = provide(PostgreSQLClassRepository, provides=ClassRepositoryProtocol)
    students = provide(PostgreSQLStudentRepository, provides=StudentRepositoryProtocol)
    table = provide(AssociationTable)
    associations = provide(PostgreSQLAssociationRepository, provides=AssociationRepositoryProtocol)

    @provide
    def transactions(self, platform: Platform, database: Database, table: AssociationTable) -> Transactions:
        """Commands of one tick share a commit."""
        return GroupCommit(database, SERVICE_NAME, platform.bus.said, states=table)


class ClassProvider(Provider):
    """What class management does."""

    scope = Scope.APP

    settings = from_context(ClassManagementSettings)
    parts = provide_all(ClassDesk, StudentDesk, RosterDesk, RosterImport, AssociationDesk, AuthorDesk)
    consumer = provide_all(ClassKafkaConsumer, MatchesHandler)

    @provide
    def metrics(self) -> ServiceMetrics:
        """A registry of its own."""
        return ServiceMetrics(SERVICE_NAME)

    @provide
    def new_id(self) -> NewId:
        """Ids that sort by time."""
        return lambda: str(uuid7())
