"""The event buses of a process: one for each database."""

import asyncio
from collections.abc import Iterable, Sequence

from huleedu.composition import Part, agreed
from huleedu_service_libs.runtime import EventBus, KafkaEventBus, KafkaOptions, PostgresEventBus
from huleedu_service_libs.runtime.recall import NO_RECALL, Recall, RedisRecall
from huleedu_service_libs.settings import ServiceSettings, WrongSettings


class NoEventBus:
    """For a service without a database: it has nothing to say, and hears nothing."""

    def subscribe(self, *_: object) -> None:
        """Raises RuntimeError: effects need a database."""
        raise RuntimeError("a service without a database cannot read events")

    def said(self, _: Iterable[str]) -> None:
        """Nobody listens."""

    def watch(self, *_: object) -> None:
        """Nothing will come."""

    def trouble(self, _: str) -> str | None:
        """There are no groups."""
        return None

    async def run(self) -> None:
        """There is nothing to be done."""


def bus_over(dsn: str, parts: Sequence[Part], recall: Recall, *, take_over: bool) -> EventBus:
    """What the settings of these services choose; `take_over` is for the log, Kafka shares groups out by itself."""
    if parts[0].settings.event_bus == "postgres":
        return PostgresEventBus(dsn, take_over=take_over)
    return KafkaEventBus(dsn, agreed(parts, "What is said of Kafka", _kafka_options), recall=recall)


def recall_of(parts: Sequence[Part]) -> Recall:
    """What replicas remember together: of use where Kafka may deliver again."""
    if parts[0].settings.event_bus == "postgres":
        return NO_RECALL
    try:
        return RedisRecall(agreed(parts, "REDIS_URL", lambda settings: settings.redis_url))
    except ValueError as error:
        raise WrongSettings(f"REDIS_URL: {error}") from None


def _kafka_options(settings: ServiceSettings) -> KafkaOptions:
    return KafkaOptions(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        partitions=settings.kafka_topic_partitions,
        replication_factor=settings.kafka_replication_factor,
        retention_hours=settings.kafka_topic_retention_hours,
        topic_names=settings.topic_names,
        relay_lag_limit=settings.relay_lag_limit,
        work_limit=settings.work_waiting_limit,
    )


async def run_all(buses: Iterable[EventBus]) -> None:
    """Until cancelled, or until one fails: then all end."""
    async with asyncio.TaskGroup() as tasks:
        for bus in buses:
            tasks.create_task(bus.run(), name="event bus")
        await asyncio.Event().wait()  # also where there is none
