"""Topics, made before they are needed: brokers are not trusted to make them as we want them."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

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
        missing = sorted(set(names) - self._there)
        if not missing:
            return
        admin = AIOKafkaAdminClient(bootstrap_servers=self._options.bootstrap_servers, request_timeout_ms=10_000)
        try:
            await admin.start()
            answer = await admin.create_topics([self._new(name) for name in missing])
        finally:
            await admin.close()
        for _, code, *_ in answer.topic_errors:
            error = for_code(code)
            if error not in (NoError, TopicAlreadyExistsError):
                raise error
        self._there.update(missing)

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
