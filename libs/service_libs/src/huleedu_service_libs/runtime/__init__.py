"""The event runtime: what a service never writes itself. Effects and receipts commit together; all else follows."""

from huleedu_service_libs.runtime.database import Database
from huleedu_service_libs.runtime.effects import Effect, Later, Never, Work
from huleedu_service_libs.runtime.event_bus import EventBus
from huleedu_service_libs.runtime.kafka import KafkaEventBus, KafkaOptions
from huleedu_service_libs.runtime.postgres_event_bus import PostgresEventBus
from huleedu_service_libs.runtime.routing import Group, Prepared, Route, WorkRoute, on, on_prepared, on_run, work
from huleedu_service_libs.runtime.transactions import GroupCommit, Transactions
from huleedu_service_libs.runtime.unit_of_work import Cause, Sink, States, Table, UnitOfWork, cause_of, current_unit

__all__ = [
    "Cause",
    "Database",
    "Effect",
    "EventBus",
    "Group",
    "GroupCommit",
    "KafkaEventBus",
    "KafkaOptions",
    "Later",
    "Never",
    "PostgresEventBus",
    "Prepared",
    "Route",
    "Sink",
    "States",
    "Table",
    "Transactions",
    "UnitOfWork",
    "Work",
    "WorkRoute",
    "cause_of",
    "current_unit",
    "on",
    "on_prepared",
    "on_run",
    "work",
]
