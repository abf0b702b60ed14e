"""Events over Kafka: the log is the outbox, a relay sends it, and each group's inbox decides what is new."""

from huleedu_service_libs.runtime.kafka.kafka_event_bus import KafkaEventBus
from huleedu_service_libs.runtime.kafka.options import KafkaOptions

__all__ = ["KafkaEventBus", "KafkaOptions"]
