"""Topics, made before they are needed: brokers are not trusted to make them as we want them."""

from collections.abc import Iterable, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import InvalidTopicError, KafkaError, NoError, TopicAlreadyExistsError, for_code

from huleedu_service_libs.runtime.kafka.options import KafkaOptions

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
DEAD_LETTER_SUFFIX = ".dlq"
_HOUR_MS = 3_600_000
_ROOM_BYTES = 64 * 1024  # for the key, the headers and whatever Kafka wraps around a message


def largest(topic: str) -> int:
    """Bytes that a record may have here; a dead letter holds a message in base64."""
    return 2 * MAX_MESSAGE_BYTES if topic.endswith(DEAD_LETTER_SUFFIX) else MAX_MESSAGE_BYTES


def has_room_for(topic: str, raw: bytes) -> bool:
    """Whether a message can stand on this topic at all."""
    return len(raw) <= largest(topic) - _ROOM_BYTES


class Topics:
    """Remembers which topics are there, and makes those that are not."""

    def __init__(self, options: KafkaOptions) -> None:
        self._options = options
        self._there: set[str] = set()

    async def ensure(self, names: Iterable[str]) -> None:
        """Make the missing ones of these, as the options say. Raises KafkaError."""
        for name, error in (await self._make(names)).items():
            raise error(name)

    async def ensure_some(self, names: Sequence[str]) -> list[str]:
        """Make the missing ones of these spellings; those that there are. Raises KafkaError.

        Kafka refuses a topic beside one whose name differs in `.` and `_` alone: then nobody can use the other one.
        """
        refused = await self._make(names)
        for name, error in refused.items():
            if error is not InvalidTopicError:
                raise error(name)
        return [name for name in names if name not in refused]

    async def _make(self, names: Iterable[str]) -> dict[str, type[KafkaError]]:
        """Those that could not be made, and why."""
        missing = sorted(set(names) - self._there)
        if not missing:
            return {}
        admin = AIOKafkaAdminClient(bootstrap_servers=self._options.bootstrap_servers, request_timeout_ms=10_000)
        try:
            await admin.start()
            answer = await admin.create_topics([self._new(name) for name in missing])
        finally:
            await admin.close()
        errors = {name: for_code(code) for name, code, *_ in answer.topic_errors}
        refused = {name: error for name, error in errors.items() if error not in (NoError, TopicAlreadyExistsError)}
        self._there.update(set(missing) - set(refused))
        return refused

    def forget(self) -> None:
        """They may have been deleted: look again."""
        self._there.clear()

    def _new(self, name: str) -> NewTopic:
        settings = {
            "max.message.bytes": str(largest(name)),
            "retention.ms": str(self._options.retention_hours * _HOUR_MS),
        }
        partitions = 1 if name.endswith(DEAD_LETTER_SUFFIX) else self._options.partitions
        return NewTopic(name, partitions, self._options.replication_factor, topic_configs=settings)
