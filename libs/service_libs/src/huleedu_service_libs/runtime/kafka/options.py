"""What an installation decides about its use of Kafka."""

from collections.abc import Mapping

import msgspec


class KafkaOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where Kafka is, how topics are made, and when a reader holds back.

    `topic_names` gives topics that are to be published under another spelling. A group stops reading while more than
    `relay_lag_limit` messages wait to be sent, or more than `work_limit` work items of its own wait to be done.
    """

    bootstrap_servers: str
    partitions: int = 6
    replication_factor: int = 1
    retention_hours: int = 168
    topic_names: Mapping[str, str] = {}
    relay_lag_limit: int = 100_000
    work_limit: int = 10_000
