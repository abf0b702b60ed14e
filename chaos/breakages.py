"""Mechanisms of the runtime, each to be switched off: the checks must then complain. Negative controls."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from huleedu_service_libs.runtime import database, log
from huleedu_service_libs.runtime.answers import AnswerSink, Claim, StoredAnswer
from huleedu_service_libs.runtime.connection import Connection, Pool
from huleedu_service_libs.runtime.delivery import Delivery
from huleedu_service_libs.runtime.kafka import inbox
from huleedu_service_libs.runtime.kafka.relay import RELAY
from huleedu_service_libs.runtime.kafka.source import KafkaSource


def no_inbox() -> None:
    """Handle whatever Kafka delivers, as often as it does."""

    async def admit_all(con: Connection, group: str, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        return deliveries

    async def know_nothing(self: KafkaSource, deliveries: Sequence[Delivery]) -> None:
        return None

    inbox.admit = admit_all  # breaking it is the point
    KafkaSource.sift = know_nothing  # type: ignore[method-assign]


def offsets_before_effects() -> None:
    """Commit to Kafka what has been read, before anything is done about it."""
    poll = KafkaSource._poll

    async def hasty(self: KafkaSource, consumer: Any, limit: int) -> None:
        await poll(self, consumer, limit)
        if self._in_hand:
            await consumer.commit()

    KafkaSource._poll = hasty  # type: ignore[method-assign]  # breaking it is the point


def moved_before_sent() -> None:
    """Move the relay's cursor as soon as it has read, and only then send."""
    read, move = log.read, log.move

    async def hasty_read(con: Connection | Pool, group: str, owner: str, topics: Any, limit: int) -> Any:
        position, records = await read(con, group, owner, topics, limit)
        if group == RELAY and position is not None and records:
            await move(con, log.Move(group, position.at, records[-1].next, position.epoch))
        return position, records

    async def done_already(con: Connection | Pool, way: log.Move) -> None:
        if way.group != RELAY:
            await move(con, way)

    log.read = hasty_read  # breaking it is the point
    log.move = done_already


def forgetful_answers() -> None:
    """Keep no answer: a request that is sent again is carried out again."""

    async def nothing(pool: Pool, claim: Claim) -> None:
        return None

    async def keep_nothing(self: AnswerSink, con: Connection, rows: Sequence[StoredAnswer]) -> None:
        return None

    import_module("huleedu_service_libs.idempotency").__dict__["find_answer"] = nothing
    AnswerSink.add = keep_nothing  # type: ignore[method-assign]  # breaking it is the point


def asynchronous_commit() -> None:
    """Have PostgreSQL say that it is committed before it is on the disk."""
    session = database.session

    def careless(schema: str, **more: str) -> dict[str, str]:
        return session(schema, **more) | {"synchronous_commit": "off"}

    database.session = careless  # breaking it is the point


BREAKAGES: Mapping[str, Callable[[], None]] = {
    "no-inbox": no_inbox,
    "offsets-before-effects": offsets_before_effects,
    "moved-before-sent": moved_before_sent,
    "forgetful-answers": forgetful_answers,
    "asynchronous-commit": asynchronous_commit,
}
