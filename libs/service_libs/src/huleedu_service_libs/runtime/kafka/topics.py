"""Topics, made before they are needed: brokers are not trusted to make them as we want them."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from huleedu_service_libs.runtime.kafka.options import KafkaOptions

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
DEAD_LETTER_SUFFIX = ".dlq"
_HOUR_MS = 3_600_000


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
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            "retention.ms": str(self._options.retention_hours * _HOUR_MS),
        }
        partitions = 1 if name.endswith(DEAD_LETTER_SUFFIX) else self._options.partitions
        return NewTopic(name, partitions, self._options.replication_factor, topic_configs=settings)
